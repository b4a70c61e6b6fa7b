import type { PGlite } from "@electric-sql/pglite";
import { drizzle as drizzlePglite } from "drizzle-orm/pglite";
import { migrate as migratePglite } from "drizzle-orm/pglite/migrator";
import { drizzle as drizzlePostgres } from "drizzle-orm/postgres-js";
import { migrate as migratePostgres } from "drizzle-orm/postgres-js/migrator";
import postgres from "postgres";
import { ensureRoles, RolesMissing } from "./database-roles";
import { driverOptions } from "./postgres-address";
import { findMissingRight, isForWantOfRights, requireUsableDatabase } from "./postgres-requirements";
import { connectionSettings, requireSettings, setStatement, settingsQuery } from "./session-settings";
import { UnusableDatabase } from "./unusable-database";

interface SettingRow {
  readonly name: string;
  readonly setting: string;
}

/** Any number that nobody else locks in this database. */
const migrationLock = 7_402_118_334;

/** Brings an embedded database to the present form. The data folder's lock keeps every other process away. */
export async function migrateEmbedded(client: PGlite, folder: string): Promise<void> {
  await client.exec(setStatement("embedded"));
  await client.exec("reset role");
  requireSettings((await client.query<SettingRow>(settingsQuery)).rows, "embedded");
  await ensureRoles((statement) => client.exec(statement));
  await migratePglite(drizzlePglite(client), { migrationsFolder: folder });
}

/**
 * Brings a PostgreSQL database to the present form. Processes that start at once go one after another.
 * @param connections size of the pool that will be opened
 * @throws UnusableDatabase the server, the database or a pooler before it is not fit for this, or a right is missing
 * @throws TriggersOff | SettingsNotTaken
 * @throws RolesMissing with the SQL to run, when roles are missing and the user may not create them.
 */
export async function migratePostgresDatabase(url: string, folder: string, connections = 8): Promise<void> {
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
    await migratePostgres(drizzlePostgres(client), { migrationsFolder: folder }).catch(async (error: unknown) => {
      const missing = isForWantOfRights(error) ? await findMissingRight(client) : null;
      throw missing === null ? error : new UnusableDatabase(missing);
    });
  } finally {
    await client.end({ timeout: 5 });
  }
}

const insufficientPrivilege = "42501";
