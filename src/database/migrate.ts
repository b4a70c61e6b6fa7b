import { join } from "node:path";
import type { PGlite } from "@electric-sql/pglite";
import { drizzle as drizzlePglite } from "drizzle-orm/pglite";
import { migrate as migratePglite } from "drizzle-orm/pglite/migrator";
import { drizzle as drizzlePostgres } from "drizzle-orm/postgres-js";
import { migrate as migratePostgres } from "drizzle-orm/postgres-js/migrator";
import postgres from "postgres";
import { ensureRoles, RolesMissing } from "./database-roles";
import { driverOptions } from "./postgres-address";
import { findMissingRight, isForWantOfRights, requireUsableDatabase } from "./postgres-requirements";
import { type AppliedFile, applyRepeatableSql, type SqlConnection } from "./repeatable-sql";
import { connectionSettings, requireSettings, setStatement, settingsQuery } from "./session-settings";
import { UnusableDatabase } from "./unusable-database";

interface SettingRow {
  readonly name: string;
  readonly setting: string;
}

/** An arbitrary number that no other lock in this database uses. */
const migrationLock = 7_402_118_334;

/**
 * Migrates an embedded database to the current schema. The data folder's lock excludes every other process.
 * @param root the project's folder, with `migrations` and `drizzle`
 */
export async function migrateEmbedded(client: PGlite, root: string): Promise<void> {
  await client.exec(setStatement("embedded"));
  await client.exec("reset role");
  requireSettings((await client.query<SettingRow>(settingsQuery)).rows, "embedded");
  await ensureRoles((statement) => client.exec(statement));
  await migratePglite(drizzlePglite(client), { migrationsFolder: join(root, "migrations") });
  const connection: SqlConnection = {
    run: (statements) => client.exec(statements),
    query: async (statement) => (await client.query<AppliedFile>(statement)).rows,
  };
  await applyRepeatableSql(connection, join(root, "drizzle"));
}

/**
 * Migrates a PostgreSQL database to the current schema. Processes that start concurrently run one after another.
 * @param root the project's folder, with `migrations` and `drizzle`
 * @param connections size of the pool that will be opened
 * @throws UnusableDatabase if the server, the database or a pooler in front of it does not meet the requirements, or a
 * right is missing
 * @throws TriggersOff | SettingsNotTaken
 * @throws RolesMissing with the SQL to run, if roles are missing and the user may not create them
 */
export async function migratePostgresDatabase(url: string, root: string, connections = 8): Promise<void> {
  const connection = connectionSettings("migrations", null);
  const open = () => postgres({ ...driverOptions(url), max: 1, onnotice: () => undefined, connection });
  const client = open();
  try {
    await requireUsableDatabase(client, open, connections);
    await client`select pg_advisory_lock(${migrationLock}::bigint)`;
    await ensureRoles((statement) => client.unsafe(statement)).catch(async (error: unknown) => {
      if (!(error instanceof postgres.PostgresError) || error.code !== insufficientPrivilege) throw error;
      const [row] = await client<{ session_user: string }[]>`select session_user`;
      throw new RolesMissing(row?.session_user ?? "portcullis");
    });
    try {
      await migratePostgres(drizzlePostgres(client), { migrationsFolder: join(root, "migrations") });
      const sql: SqlConnection = {
        run: (statements) => client.unsafe(statements),
        query: (statement) => client.unsafe<AppliedFile[]>(statement),
      };
      await applyRepeatableSql(sql, join(root, "drizzle"));
    } catch (error) {
      const missing = isForWantOfRights(error) ? await findMissingRight(client) : null;
      throw missing === null ? error : new UnusableDatabase(missing);
    }
  } finally {
    await client.end({ timeout: 5 });
  }
}

const insufficientPrivilege = "42501";
