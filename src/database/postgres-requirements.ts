import type postgres from "postgres";
import { isServerError } from "./database-errors";
import { type DatabaseFacts, type DatabaseRights, missingRight, problemOfDatabase } from "./database-requirements";
import { requireSettings, settingsQuery } from "./session-settings";
import { UnusableDatabase } from "./unusable-database";

type Client = postgres.Sql;

/** One connection per process listens for notifications. */
const listeners = 1;

/** Why a pooler between this process and PostgreSQL cannot be used. The solution is the same for each pooler. */
export const poolerIsRefused =
  "Portcullis holds session locks, prepared statements and notifications. Give the address of PostgreSQL itself in DATABASE_URL (PORTCULLIS_DATABASE_CONNECTIONS bounds its connections)";

/**
 * Checks the requirements before anything is created: version, encoding, write access, limits, and that a connection
 * keeps its session.
 * @param client a client with one connection, opened for migrations
 * @param openAnother opens a second client with one connection, with the same address and user
 * @param connections size of the pool that will be opened
 * @throws UnusableDatabase | TriggersOff | SettingsNotTaken
 */
export async function requireUsableDatabase(
  client: Client,
  openAnother: () => Client,
  connections: number,
): Promise<void> {
  const facts = await factsOf(client);
  const problem = problemOfDatabase(facts, connections + listeners);
  // A connection requests write access itself. If it is read-only, a pooler may have dropped that request.
  if (problem !== null && facts.isReadOnly && !facts.isStandby) await requireOwnSettings(client);
  if (problem !== null) throw new UnusableDatabase(problem);
  await requireOwnSession(client, openAnother);
  await requireOwnSettings(client);
}

/** @throws TriggersOff | SettingsNotTaken */
async function requireOwnSettings(client: Client): Promise<void> {
  const rows = await client.unsafe<{ readonly name: string; readonly setting: string }[]>(settingsQuery);
  requireSettings(rows, "migrations");
}

async function factsOf(client: Client): Promise<DatabaseFacts> {
  const [facts] = await client<DatabaseFacts[]>`
    select current_setting('server_version_num')::int as version,
      current_setting('server_version') as "versionText",
      current_setting('server_encoding') as encoding,
      pg_catalog.pg_is_in_recovery() as "isStandby",
      current_setting('transaction_read_only') = 'on' as "isReadOnly",
      session_user::text as user,
      pg_catalog.current_database()::text as database,
      u.rolsuper as "isSuperuser",
      u.rolconnlimit as "userLimit",
      d.datconnlimit as "databaseLimit",
      current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
        - coalesce(current_setting('reserved_connections', true)::int, 0) as "serverLimit"
    from pg_catalog.pg_roles u, pg_catalog.pg_database d
    where u.rolname = session_user and d.datname = pg_catalog.current_database()`;
  if (!facts) throw new UnusableDatabase("PostgreSQL does not say who the user in DATABASE_URL is (pg_roles is empty)");
  return facts;
}

/**
 * Detects a pooler in transaction mode, which may give the session of one client to another between two statements: two
 * open clients then share one session, or the session of one of them changes.
 */
async function requireOwnSession(client: Client, openAnother: () => Client): Promise<void> {
  const first = await client`select pg_catalog.pg_backend_pid() as pid`;
  // Only a real server tells a client the number of its own session. A pooler invents another number.
  if (first.state.pid === first[0]?.pid) return;
  const another = openAnother();
  try {
    const isShared = await another.begin(async (tx) => {
      const [held] = await tx`select pg_catalog.pg_backend_pid() as pid`;
      if (held?.pid === first[0]?.pid) return true; // a query on the first client would wait for this transaction
      const [again] = await client`select pg_catalog.pg_backend_pid() as pid`;
      return again?.pid !== first[0]?.pid;
    });
    if (isShared)
      throw new UnusableDatabase(
        `a connection pooler (PgBouncer, for example) in transaction mode is in front of PostgreSQL. ${poolerIsRefused}`,
      );
  } finally {
    await another.end({ timeout: 5 });
  }
}

/** @returns the sentence for a right that the user lacks to create tables; null if it is none of those rights */
export async function findMissingRight(client: Client): Promise<string | null> {
  const [rights] = await client<DatabaseRights[]>`
    select session_user::text as user, pg_catalog.current_database()::text as database,
      n.oid is not null as "hasPublicSchema",
      coalesce(pg_catalog.has_schema_privilege(session_user, n.oid, 'create'), false) as "mayCreateTables",
      pg_catalog.has_database_privilege(session_user, pg_catalog.current_database(), 'create') as "mayCreateSchemas"
    from (select) one left join pg_catalog.pg_namespace n on n.nspname = 'public'`;
  return rights ? missingRight(rights) : null;
}

const insufficientPrivilege = "42501";
const invalidSchemaName = "3F000";

/** Checks whether creating tables failed because of a missing right, or because the schema `public` does not exist. */
export function isForWantOfRights(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (isServerError(at) && [insufficientPrivilege, invalidSchemaName].includes(at.code)) return true;
  }
  return false;
}
