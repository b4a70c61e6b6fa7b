import { join } from "node:path";
import type { Database } from "../database/database";
import { explainDatabaseFailure } from "../database/explain-database-failure";
import { migrateEmbedded, migratePostgresDatabase } from "../database/migrate";
import { serverAddressOf } from "../database/postgres-address";
import { errorCode } from "../platform/files/folder-lock";
import { NotOurs, reasonOf, requireOwnFolder } from "../platform/files/own-folder";
import { StartFailure } from "../platform/start-failure";
import type { Settings } from "./settings/environment";

/**
 * Opens the database and applies pending migrations. The embedded database is in the data folder, whose lock the caller
 * must hold.
 * @param root the project's folder
 * @throws UnusableDatabase | RolesMissing | TriggersOff, or an error of the driver (see `explained`)
 */
export async function openDatabase(settings: Settings, root: string): Promise<Database> {
  const { databaseUrl, databaseConnections } = settings;
  if (databaseUrl === null) return openEmbeddedDatabase(settings.dataFolder, root);
  await migratePostgresDatabase(databaseUrl, root, databaseConnections);
  const { openPostgres, requireOwnSettings } = await import("../database/postgres-database");
  const database = openPostgres(databaseUrl, databaseConnections);
  try {
    await requireOwnSettings(database);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Loads the embedded database only when it is used: it takes more memory than the rest of the process. */
async function openEmbeddedDatabase(dataFolder: string, root: string): Promise<Database> {
  const [{ openEmbedded }, { embeddedDatabase }] = await Promise.all([
    import("../database/embedded/open-embedded"),
    import("../database/embedded-database"),
  ]);
  const folder = join(dataFolder, "database");
  await requireOwnFolder(folder).catch((error: unknown) => {
    if (error instanceof NotOurs) throw new StartFailure(error.message);
    if (errorCode(error) !== "ENOENT") throw new StartFailure(`${folder} cannot be used (${reasonOf(error)})`);
  });
  const client = await openEmbedded(folder);
  await migrateEmbedded(client, root);
  return embeddedDatabase(client);
}

/**
 * Runs a part of the start, or of a command, that talks to PostgreSQL.
 * @throws StartFailure replaces errors that the server, the network or a certificate causes
 */
export async function explained<T>({ databaseUrl }: Settings, body: () => Promise<T>): Promise<T> {
  if (databaseUrl === null) return body();
  try {
    return await body();
  } catch (error) {
    const explanation = explainDatabaseFailure(error, serverAddressOf(databaseUrl));
    throw explanation === null ? error : new StartFailure(explanation);
  }
}
