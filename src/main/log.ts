import { type DestinationStream, destination, type Logger, pino } from "pino";
import { describeError } from "../http/describe-error";

/** Names of values that are never logged, wherever they occur in a request, an error or a row. */
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
 * Creates the log of the process: JSON lines on standard error, because standard output is for people. Lines are
 * written asynchronously; the rest is flushed when the process ends.
 * @param stream for tests
 */
export function makeLog(level: string, stream: DestinationStream = standardError()): Logger {
  const redact = { paths, censor: "[redacted]" };
  // The message of an error may contain bound parameters of a statement.
  const serializers = { err: (error: unknown) => describeError(error) };
  return pino({ level, base: { pid: process.pid }, redact, serializers }, stream);
}

/**
 * Ignores write errors: if the log cannot be written (the reader is gone, the disk is full), lines are lost and the
 * process continues.
 */
function standardError(): DestinationStream {
  return destination({ fd: 2, sync: false }).on("error", () => undefined);
}
