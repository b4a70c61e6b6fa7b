import { isServerError } from "./database-errors";
import { poolerIsRefused } from "./postgres-requirements";

interface Failure {
  readonly code: string;
  /** The function of the server that reported it. Unlike the message, it is the same in every language. */
  readonly routine?: string;
  /** The server's own message; null if the failure does not come from the server. */
  readonly said: string | null;
}

const encoding = "special characters in it must be percent-encoded: @ as %40, / as %2F, ? as %3F, # as %23, % as %25";

/** By SQLSTATE. The server's message is added, because it names the user, database or limit. */
const refusals: Readonly<Record<string, string | ((failure: Failure) => string)>> = {
  "28P01": `does not accept the password in DATABASE_URL. Correct the password; ${encoding}`,
  "28000": ({ routine }) =>
    routine === "InitializeSessionUserId"
      ? "refuses the user in DATABASE_URL: the user does not exist, or may not log in. Create the user, or correct the name"
      : "refuses connections of the user in DATABASE_URL from this machine. Allow the user, the database and the address in the server's pg_hba.conf; if it asks for TLS, add ?sslmode=require to DATABASE_URL",
  "3D000": "has no database with the name in DATABASE_URL. Create the database, or correct the name",
  "42501":
    "does not give the user in DATABASE_URL the rights it needs. Let the database's owner or an administrator grant them",
  "53300":
    "has no connection left for the user in DATABASE_URL. Close others, raise the limit (max_connections, or the connection limit of user or database), or lower PORTCULLIS_DATABASE_CONNECTIONS of each process",
  "53100": "has no space left on its disk. Free some space there, then start again",
  "53200": "has no memory left. Give the server more memory, then start again",
  "25006":
    "is read-only: it is a standby, or an administrator made it read-only. Give the address of the primary server",
  "57P03": "is not ready yet: it is starting, stopping or recovering. Try again in a moment",
  "57P01": "ended the connection because it is stopping. Try again when it is running",
  "57P02": "ended the connection because it crashed. Try again when it is running",
  "57P04": "ended the connection because the database was removed",
  "55000": "does not allow connections to the database in DATABASE_URL now",
  "57014":
    "did not finish a statement in time: another session has held a lock for too long. Check pg_stat_activity, then start again",
  "58030": "cannot read or write its files. Check the server's log",
  "08P01": `was not reached: the program that answers there refuses session settings, as connection poolers such as PgBouncer do. ${poolerIsRefused}`,
  "0A000": "is too old: Portcullis needs 15 or newer",
  "42704":
    "does not know a setting that Portcullis needs: it is older than 15, or another product that speaks its protocol",
};

/** By the error code of Node or of the driver. `server` is the expected address of the server. */
const unreached: Readonly<Record<string, (server: string) => string>> = {
  ECONNREFUSED: (server) => `nothing listens at ${server}. Start the server, or correct host and port`,
  ENOTFOUND: (server) => `the host of ${server} is not known. Correct it, or the DNS of this machine`,
  EAI_AGAIN: (server) => `the host of ${server} cannot be resolved: this machine's DNS does not answer`,
  ENOENT: (server) => `there is no socket ${server}. Start the server, or correct the folder and the port`,
  EACCES: (server) => `this process may not open the socket ${server}`,
  CONNECT_TIMEOUT: (server) =>
    `${server} did not answer in time. Correct host and port, or allow the connection in the firewall`,
  ETIMEDOUT: (server) =>
    `${server} did not answer in time. Correct host and port, or allow the connection in the firewall`,
  EHOSTUNREACH: (server) => `there is no route to ${server}`,
  ENETUNREACH: (server) => `there is no route to ${server}`,
  ECONNRESET: endedWithoutAWord,
  EPIPE: endedWithoutAWord,
  CONNECTION_CLOSED: endedWithoutAWord,
  CONNECTION_DESTROYED: endedWithoutAWord,
  CONNECTION_ENDED: endedWithoutAWord,
};

function endedWithoutAWord(server: string): string {
  return `${server} ended the connection without an answer. Check the server's log, and whether PostgreSQL listens there; if it asks for TLS from the first byte, add ?sslnegotiation=direct&sslmode=require`;
}

/** By the error code of Node or of the driver: the server was reached, but is not trusted or not understood. */
const distrusted: Readonly<Record<string, string>> = {
  TLS_NOT_SUPPORTED:
    "offers no TLS, and sslmode in DATABASE_URL requires it. Enable TLS at the server (ssl = on), or use ?sslmode=disable on a network that you trust",
  CERT_HAS_EXPIRED: "has a certificate that has expired. Renew it at the server",
  CERT_NOT_YET_VALID:
    "has a certificate that is not valid yet. Correct the clock of this machine, or replace the certificate",
  ERR_TLS_CERT_ALTNAME_INVALID:
    "has a certificate for another name than the host in DATABASE_URL. Use the certificate's name, or ?sslmode=verify-ca",
  AUTH_NOT_SUPPORTED:
    "asks for a kind of authentication that is not supported (GSSAPI, SSPI or another). Use scram-sha-256, a client certificate, or peer on a unix socket",
  SASL_SIGNATURE_MISMATCH: "does not prove that it knows the password: it may be an impostor",
};

const untrusted =
  "has a certificate from an authority that this process does not know. Set the authority's file with &sslrootcert=/path/to/root.crt in DATABASE_URL";

/**
 * Explains a failure in one line for the operator who starts the process: what is wrong and what to do. Null for
 * failures that do not come from the environment of the database.
 * @param server the expected address of the server; it contains no secret
 */
export function explainDatabaseFailure(error: unknown, server: string): string | null {
  const failure = failureIn(error);
  if (failure === null) return null;
  const { code, said } = failure;
  const refusal = said === null ? undefined : refusals[code];
  if (refusal) {
    const sentence = typeof refusal === "string" ? refusal : refusal(failure);
    return `PostgreSQL ${withCode(sentence, code)}${said ? ` (the server says: ${said})` : ""}`;
  }
  const way = unreached[code];
  if (way) return `PostgreSQL does not answer at DATABASE_URL (${code}): ${way(server)}`;
  const distrust = distrusted[code] ?? (isAboutCertificates(code) ? untrusted : undefined);
  if (distrust) return `PostgreSQL at ${server} ${withCode(distrust, code)}`;
  if (code.startsWith("ERR_SSL_") || code.startsWith("ERR_OSSL_") || code === "EPROTO")
    return `PostgreSQL at ${server} and this process cannot agree on TLS settings (${code}). Check sslmode, sslcert, sslkey and the server's ssl settings`;
  return null;
}

function isAboutCertificates(code: string): boolean {
  return /^(?:UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_|INVALID_CA|PATH_LENGTH_EXCEEDED)/.test(code);
}

/** Inserts the code after the cause, before the solution. */
function withCode(sentence: string, code: string): string {
  return sentence.replace(/(?=[.:;] |$)/, ` (${code})`);
}

/** Finds the innermost failure of the driver. */
function failureIn(error: unknown): Failure | null {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (isServerError(at))
      return { code: at.code, said: inOneSentence(at.message), ...(at.routine ? { routine: at.routine } : {}) };
    if ("code" in at && typeof at.code === "string") return { code: at.code, said: null };
  }
  return null;
}

const longestMessage = 200;

function inOneSentence(message: string): string {
  return message
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim()
    .slice(0, longestMessage);
}
