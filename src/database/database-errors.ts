/** What a driver says when a statement fails: drizzle wraps it as `cause`. Nothing of it may reach an answer. */
interface DriverError {
  readonly code?: string;
  /** PGlite's word for it. */
  readonly constraint?: string;
  /** postgres.js's word for it. */
  readonly constraint_name?: string;
}

function driverError(error: unknown): DriverError | null {
  for (let at: unknown = error; typeof at === "object" && at !== null; at = (at as { cause?: unknown }).cause) {
    if (typeof (at as DriverError).code === "string") return at as DriverError;
  }
  return null;
}

/** The unique constraint that a statement ran into, or null when it failed for another reason. */
export function violatedConstraint(error: unknown): string | null {
  const found = driverError(error);
  if (found?.code !== "23505") return null;
  return found.constraint_name ?? found.constraint ?? null;
}

/** A foreign key that keeps something from being removed or names something that is gone. */
export function violatesForeignKey(error: unknown): boolean {
  return driverError(error)?.code === "23503";
}

/** Serialization failure or deadlock: the same transaction can succeed when it is started again. */
export function isTransient(error: unknown): boolean {
  const code = driverError(error)?.code;
  return code === "40001" || code === "40P01";
}

const connectionFailures = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ETIMEDOUT",
  "ENOENT",
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
  "CONNECT_TIMEOUT",
  "TLS_NOT_SUPPORTED",
  "UNSAFE_TRANSACTION", // a transaction began on a connection that another statement uses: its outcome is unknown
  "08000",
  "08001",
  "08003",
  "08004",
  "08006",
  "25006", // the server became a standby
  "25P03", // its time in a transaction was up
  "25P04", // the transaction's time was up, as the server's administrator set it (PostgreSQL 17)
  "28000", // pg_hba.conf or the user was changed while this runs
  "28P01", // the password was changed while this runs
  "3D000", // the database was renamed while this runs
  "53100", // its disk is full
  "53200", // it has no memory left
  "53300",
  "57014", // the statement's time was up: most often it waited for a lock
  "57P01",
  "57P02",
  "57P03",
  "57P04",
  "57P05", // the connection was idle for longer than the server allows
]);

/** The database does not answer: nothing is wrong with the request. */
export function isUnreachable(error: unknown): boolean {
  const code = driverError(error)?.code;
  return code !== undefined && connectionFailures.has(code);
}

/** What PostgreSQL itself reported, as the driver `postgres` throws it. */
export interface ServerError extends Error {
  readonly code: string;
  /** The function of the server: the same in every language, unlike the message. */
  readonly routine?: string;
}

/** Whether PostgreSQL reported this, and not the driver, the network or the embedded database. */
export function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && error.name === "PostgresError" && "code" in error && typeof error.code === "string";
}
