import { type DestinationStream, destination, type Logger, pino } from "pino";
import { describeError } from "../http/describe-error";

/** Names of values that never reach a log, at any of the places where a request, an error or a row may hold them. */
const secretNames = [
  "authorization",
  "cookie",
  "database_url",
  "databaseUrl",
  "hash",
  "key",
  "password",
  "secret",
  "token",
];

const paths = [
  ...secretNames,
  ...secretNames.map((name) => `*.${name}`),
  ...secretNames.map((name) => `*.*.${name}`),
  ...['["x-api-key"]', '["set-cookie"]'].flatMap((name) => [name, `*${name}`, `*.*${name}`]),
];

/**
 * The process's log: JSON lines on standard error, so that standard output stays for people. Lines are written beside the
 * requests; what is left is written at the end of the process.
 * @param stream for tests
 */
export function makeLog(level: string, stream: DestinationStream = standardError()): Logger {
  const redact = { paths, censor: "[redacted]" };
  // An error's own text may hold what was bound to a statement.
  const serializers = { err: (error: unknown) => describeError(error) };
  return pino({ level, base: { pid: process.pid }, redact, serializers }, stream);
}

/** A log that cannot be written (its reader is gone, the disk is full) is no reason to end: its lines are lost. */
function standardError(): DestinationStream {
  return destination({ fd: 2, sync: false }).on("error", () => undefined);
}
