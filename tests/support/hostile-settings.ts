import type { Sql } from "postgres";
import { openAsOwner } from "./owner-connection";

/**
 * For each setting that the product pins, a value that would break it. The cluster of the suite has all of them, so
 * that every test on PostgreSQL shows that no connection of the product depends on the server's settings.
 */
export const hostileSettings: Readonly<Record<string, string>> = {
  DateStyle: "German, DMY",
  IntervalStyle: "sql_standard",
  TimeZone: "Asia/Kathmandu",
  timezone_abbreviations: "India",
  extra_float_digits: "-15",
  client_encoding: "LATIN1",
  bytea_output: "escape",
  search_path: "elsewhere",
  row_security: "off",
  standard_conforming_strings: "off",
  backslash_quote: "on",
  escape_string_warning: "on",
  transform_null_equals: "on",
  array_nulls: "off",
  gin_fuzzy_search_limit: "1",
  default_transaction_isolation: "serializable",
  default_transaction_read_only: "on",
  default_transaction_deferrable: "on",
  synchronous_commit: "off",
  statement_timeout: "1",
  lock_timeout: "1",
  idle_in_transaction_session_timeout: "1",
  idle_session_timeout: "1",
  client_min_messages: "error",
  exit_on_error: "on",
  check_function_bodies: "off",
  "plpgsql.extra_errors": "all",
};

/** Returns the `set` clause of a setting, for `alter role` and `alter database`. */
function setClause(name: string, value: string): string {
  const quotedName = name
    .split(".")
    .map((part) => `"${part}"`)
    .join(".");
  return `set ${quotedName} = ${value.includes(",") ? value : `'${value}'`}`;
}

/**
 * Sets all of them for every role, and again for the superuser, whose own settings have precedence.
 * @param url any database of the cluster, as its superuser
 */
export async function setAgainstUs(url: string): Promise<void> {
  const owner = openAsOwner(url);
  await alter(owner, "role all");
  await alter(owner, "role postgres");
  await owner.end();
}

/** @param target the object to alter: `role ada in database wiki`, `database wiki` */
export async function alter(owner: Sql, target: string): Promise<void> {
  const statements = Object.entries(hostileSettings).map(
    ([name, value]) => `alter ${target} ${setClause(name, value)}`,
  );
  await owner.unsafe(statements.join(";\n"));
}
