import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import type { Database, DatabaseRole } from "./database";
import { drizzleDatabase } from "./drizzle-database";
import { driverOptions } from "./postgres-address";
import { poolerIsRefused } from "./postgres-requirements";
import { committingWith, withPreparedStatements } from "./prepared-statements";
import { connectionSettings, settingsFor } from "./session-settings";
import { UnusableDatabase } from "./unusable-database";

/** The role of connections between transactions. It may only call functions. */
const gate = "portcullis_gate";

/** Delay before a lost connection is opened again, in seconds. The pool does not increase it. */
const reconnectAfter = 0.2;

/**
 * Opens a pool to PostgreSQL 15 or newer.
 * @param url see `readDatabaseUrl`; without a password if the server trusts the peer
 * @param connections the maximum number, including those reserved for the sync
 * @param onStatement called with every statement that is sent to the server, for measurements
 */
export function openPostgres(
  url: string,
  connections = 8,
  onStatement?: (text: string, parameters: readonly unknown[]) => void,
): Database {
  const connection = connectionSettings("requests", gate);
  const open = (max: number) =>
    postgres({
      ...driverOptions(url),
      max,
      backoff: () => reconnectAfter,
      onnotice: () => undefined,
      ...(onStatement ? { debug: (_connection, text, parameters) => onStatement(text, parameters) } : {}),
      connection,
    });
  const forSync = connectionsForSync(connections);
  const client = open(connections - forSync);
  const syncClient = forSync > 0 ? open(forSync) : client;
  const requests = sessionsOf(client);
  const sync = syncClient === client ? requests : sessionsOf(syncClient);
  const of = (role: DatabaseRole) => (role === "sync" ? sync : requests);
  return drizzleDatabase(
    {
      transaction: (body, role) => of(role).any.transaction(body),
      batch: (statements, body, role) => of(role).batch(statements).transaction(body),
      execute: (statement) => requests.any.execute(statement),
    },
    {
      kind: "postgres",
      listen: async (channel, onHint) => {
        const subscription = await client.listen(channel, onHint);
        return () => subscription.unlisten();
      },
      hint: async (channel, payload) => {
        await client.notify(channel, payload);
      },
      close: async () => {
        await Promise.all([client.end({ timeout: 5 }), syncClient.end({ timeout: 5 })]);
      },
    },
  );
}

function sessionsOf(client: postgres.Sql) {
  const prepared = withPreparedStatements(client);
  const batches = new Map<number, ReturnType<typeof drizzle<Record<string, never>>>>();
  const batch = (statements: number) => {
    const created = batches.get(statements) ?? drizzle(committingWith(statements, prepared));
    batches.set(statements, created);
    return created;
  };
  return { any: drizzle(prepared), batch };
}

/**
 * The number of connections in a pool that are reserved for the sync, so that delivery and proof never wait behind
 * requests. A small pool is shared.
 */
function connectionsForSync(connections: number): number {
  return Math.min(3, Math.floor(connections / 4));
}

/**
 * Checks that a connection of the pool has the role and the settings that it requested, because some poolers drop them.
 * @throws UnusableDatabase
 */
export async function requireOwnSettings(database: Database): Promise<void> {
  const wanted = settingsFor("requests");
  const [got] = await database.call<{ role: string; isolation: string; path: string; style: string }>(
    sql`select current_user::text as role, current_setting('search_path') as path,
      current_setting('default_transaction_isolation') as isolation, current_setting('DateStyle') as style`,
  );
  const requested = {
    role: gate,
    isolation: wanted.default_transaction_isolation,
    path: wanted.search_path,
    style: wanted.DateStyle,
  };
  if (
    got?.role !== requested.role ||
    got.isolation !== requested.isolation ||
    got.path !== requested.path ||
    got.style !== requested.style
  )
    throw new UnusableDatabase(`a connection pooler in front of PostgreSQL drops session settings. ${poolerIsRefused}`);
}
