/**
 * The error that a driver throws for a failed statement. Drizzle wraps it as `cause`. No part of it may reach a
 * response.
 */
interface DriverError {
  readonly code?: string;
  /** The property of PGlite. */
  readonly constraint?: string;
  /** The property of postgres.js. */
  readonly constraint_name?: string;
}

function driverError(error: unknown): DriverError | null {
  for (let at: unknown = error; typeof at === "object" && at !== null; at = (at as { cause?: unknown }).cause) {
    if (typeof (at as DriverError).code === "string") return at as DriverError;
  }
  return null;
}

/** Returns the unique constraint that a statement violated, or null if it failed for another reason. */
export function violatedConstraint(error: unknown): string | null {
  const found = driverError(error);
  if (found?.code !== "23505") return null;
  return found.constraint_name ?? found.constraint ?? null;
}

/** Checks for a violated foreign key: the row is still referenced, or it refers to a row that no longer exists. */
export function violatesForeignKey(error: unknown): boolean {
  return driverError(error)?.code === "23503";
}

/** Checks for a serialization failure or deadlock: the same transaction can succeed if it is started again. */
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
  "25P03", // the transaction was idle for too long
  "25P04", // the transaction exceeded the limit of the server's administrator (PostgreSQL 17)
  "28000", // pg_hba.conf or the user was changed while this process runs
  "28P01", // the password was changed while this process runs
  "3D000", // the database was renamed while this process runs
  "53100", // the server's disk is full
  "53200", // the server has no memory left
  "53300",
  "57014", // the statement exceeded its time limit, usually because it waited for a lock
  "57P01",
  "57P02",
  "57P03",
  "57P04",
  "57P05", // the connection was idle for longer than the server allows
]);

/** Checks whether the database does not answer, so that the request itself is not at fault. */
export function isUnreachable(error: unknown): boolean {
  const code = driverError(error)?.code;
  return code !== undefined && connectionFailures.has(code);
}

/** An error that PostgreSQL reported, as the driver `postgres` throws it. */
export interface ServerError extends Error {
  readonly code: string;
  /** The function of the server that reported it. Unlike the message, it is the same in every language. */
  readonly routine?: string;
}

/** Checks whether PostgreSQL reported the error, and not the driver, the network or the embedded database. */
export function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && error.name === "PostgresError" && "code" in error && typeof error.code === "string";
}
