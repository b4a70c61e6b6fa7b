/** How a connection is used. */
type ConnectionUse = "requests" | "migrations" | "embedded";

interface SessionSetting {
  readonly name: string;
  /** The same value for every use, or one for each. Never empty, because the driver does not send empty values. */
  readonly value: string | Readonly<Record<ConnectionUse, string>>;
  /** The behavior that depends on the value. */
  readonly why: string;
}

/**
 * In milliseconds. No statement of a request takes longer by itself, and no transaction waits for anything external.
 */
const longestStatement = "30000";

/** The migration of a large table may take as long as it needs. PGlite has no timers that could end a statement. */
const unlimited = "0";

/**
 * Every session setting that changes the meaning of what is sent or read, or the durability of a commit, and that an
 * ordinary role may set. Each connection of each pool has these values, regardless of `postgresql.conf`, `ALTER
 * DATABASE`, `ALTER ROLE` or `ALTER ROLE … IN DATABASE`.
 *
 * These settings are left to the administrator:
 * - settings that only change speed, memory or the location of data: `jit`, `plan_cache_mode`, `enable_*`, `work_mem`,
 *   `default_tablespace`, `default_toast_compression`, `default_table_access_method`;
 * - settings that no statement here depends on: `lc_time`, `lc_numeric`, `lc_monetary` (`to_char` is only called with
 *   patterns of digits), `xmloption`, `xmlbinary`, `default_text_search_config`, `quote_all_identifiers`;
 * - settings that an ordinary role may not set: `lc_messages` (no decision reads the text of a message), `log_*`. A
 *   value of `session_replication_role` that turns triggers off is refused at startup (`requireSettings`);
 * - `transaction_timeout`, which exists from PostgreSQL 17 on: older versions refuse a connection that names it, and
 *   its only effect is to end a connection.
 */
export const sessionSettings: readonly SessionSetting[] = [
  { name: "DateStyle", value: "ISO, YMD", why: "the text of times and dates, in both directions" },
  { name: "IntervalStyle", value: "postgres", why: "the text of intervals, and the sign of their parts" },
  { name: "TimeZone", value: "UTC", why: "the text of times, and where a day begins" },
  { name: "timezone_abbreviations", value: "Default", why: "other sets do not know the Z of ISO 8601" },
  { name: "extra_float_digits", value: "1", why: "numbers come back as they were stored" },
  { name: "client_encoding", value: "UTF8", why: "the driver sends and reads UTF-8" },
  { name: "bytea_output", value: "hex", why: "the text of bytes" },
  { name: "search_path", value: "public, pg_temp", why: "which tables and functions a name means" },
  { name: "row_security", value: "on", why: "queries see the rows of one organization instead of failing" },
  { name: "standard_conforming_strings", value: "on", why: "whether a backslash in a string escapes" },
  { name: "backslash_quote", value: "safe_encoding", why: "whether \\' ends a string" },
  { name: "escape_string_warning", value: "off", why: "no message for each backslash in a string" },
  { name: "transform_null_equals", value: "off", why: "`= NULL` finds no row" },
  { name: "array_nulls", value: "on", why: "NULL in the text of an array is no word" },
  { name: "gin_fuzzy_search_limit", value: "0", why: "an index scan returns all rows that fit" },
  { name: "default_transaction_isolation", value: "read committed", why: "locks and repeated decisions count on it" },
  { name: "default_transaction_read_only", value: "off", why: "transactions write" },
  { name: "default_transaction_deferrable", value: "off", why: "transactions do not wait for others to end" },
  {
    name: "synchronous_commit",
    value: "on",
    why: "a revocation that was answered survives a crash; stronger only makes standbys readable, which nothing reads",
  },
  {
    name: "statement_timeout",
    value: { requests: longestStatement, migrations: unlimited, embedded: unlimited },
    why: "what waits for a lock ends, and an index is built to its end",
  },
  { name: "lock_timeout", value: "0", why: "the timeout of the statement bounds waiting for locks" },
  {
    name: "idle_in_transaction_session_timeout",
    value: { requests: longestStatement, migrations: unlimited, embedded: unlimited },
    why: "a process that stands still does not hold locks",
  },
  { name: "idle_session_timeout", value: "0", why: "a connection that waits for notifications is idle" },
  { name: "client_min_messages", value: "warning", why: "messages of lower levels are not read, and cost time" },
  { name: "exit_on_error", value: "off", why: "a constraint violation does not end the connection" },
  { name: "check_function_bodies", value: "on", why: "a migration with a broken function fails" },
  { name: "plpgsql.extra_errors", value: "none", why: "functions run with the checks that they were tested with" },
];

/** The settings of one use, by name. */
export function settingsFor(use: ConnectionUse): Readonly<Record<string, string>> {
  return Object.fromEntries(
    sessionSettings.map(({ name, value }) => [name, typeof value === "string" ? value : value[use]]),
  );
}

/**
 * The value for the option `connection` of the driver `postgres`. It is part of the startup message, so it costs no
 * round trip, the driver sends it at every reconnect, and `RESET` returns to it. Values there take precedence over all
 * settings stored at the server. The driver must not get a URL, whose parameters it prefers to these (`driverOptions`).
 * @param role the role that the session takes; null for the connecting user itself
 */
export function connectionSettings(
  use: Exclude<ConnectionUse, "embedded">,
  role: string | null,
): Readonly<Record<string, string>> {
  return { application_name: "portcullis", ...settingsFor(use), ...(role === null ? {} : { role }) };
}

/** The same for an open session, in one statement, because the embedded database has no startup message. */
export function setStatement(use: ConnectionUse): string {
  const calls = Object.entries(settingsFor(use)).map(([name, value]) => `set_config('${name}', '${value}', false)`);
  return `select ${calls.join(", ")}`;
}

/** Triggers of the database do not run, because a superuser turned them off: nothing protects the audit log. */
export class TriggersOff extends Error {
  override readonly name = "TriggersOff";
  constructor(value: string) {
    super(
      `session_replication_role is "${value}" for the user and the database in DATABASE_URL. Triggers and foreign keys do ` +
        'not work with it. Remove it as a superuser ("alter role … reset session_replication_role", the same for the ' +
        "database, or postgresql.conf), then start again",
    );
  }
}

/** The settings in the startup message did not reach the server. */
export class SettingsNotTaken extends Error {
  override readonly name = "SettingsNotTaken";
  constructor(found: readonly string[]) {
    super(
      `the connection to PostgreSQL does not have the settings that it was opened with (${found.slice(0, 3).join("; ")}). ` +
        "A connection pooler in between drops them. Set the address of PostgreSQL itself in DATABASE_URL",
    );
  }
}

/** The query for a session's settings; `requireSettings` takes its rows. */
export const settingsQuery = `select name, setting from pg_catalog.pg_settings where name in (${[
  "session_replication_role",
  ...sessionSettings.map(({ name }) => name),
]
  .map((name) => `'${name}'`)
  .join(", ")})`;

/**
 * Checks that a session has the settings of its use, and that its triggers work.
 * @throws TriggersOff | SettingsNotTaken
 */
export function requireSettings(
  rows: readonly { readonly name: string; readonly setting: string }[],
  use: ConnectionUse,
): void {
  const found = new Map(rows.map(({ name, setting }) => [name, setting]));
  const sessionReplicationRole = found.get("session_replication_role");
  if (sessionReplicationRole !== "origin") throw new TriggersOff(sessionReplicationRole ?? "unknown");
  const different = Object.entries(settingsFor(use)).flatMap(([name, value]) => {
    const setting = found.get(name);
    // PostgreSQL knows the settings of a language only after the session has used it.
    return setting === value || (setting === undefined && name.includes("."))
      ? []
      : [`${name} is "${setting ?? ""}" instead of "${value}"`];
  });
  if (different.length > 0) throw new SettingsNotTaken(different);
}
