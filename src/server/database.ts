import { join } from "node:path";
import type { Settings } from "../env";
import type { Database } from "../persistence/database";
import { isUnreachable } from "../persistence/database-errors";
import { migrateEmbedded, migratePostgresDatabase } from "../persistence/migrate";
import { NotOurs, reasonOf, requireOwnFolder } from "../persistence/own-folder";
import { errorCode } from "../persistence/socket-claim";
import { StartFailure } from "./start-failure";

/**
 * Opens the database, brought to the present form. The embedded one is in the data folder, whose lock the caller holds.
 * @param migrations the folder with the SQL
 * @throws StartFailure PostgreSQL does not answer, or does not let this user in
 */
export async function openDatabase(settings: Settings, migrations: string): Promise<Database> {
  if (settings.databaseUrl === null) return openEmbeddedDatabase(settings.dataFolder, migrations);
  try {
    await migratePostgresDatabase(settings.databaseUrl, migrations);
  } catch (error) {
    throw explained(error);
  }
  const { openPostgres } = await import("../persistence/postgres-database");
  return openPostgres(settings.databaseUrl, settings.databaseConnections);
}

/** Loaded only where it is used: it is the larger part of the process's memory. */
async function openEmbeddedDatabase(dataFolder: string, migrations: string): Promise<Database> {
  const [{ openEmbedded }, { embeddedDatabase }] = await Promise.all([
    import("../persistence/embedded/open-embedded"),
    import("../persistence/embedded-database"),
  ]);
  const folder = join(dataFolder, "database");
  await requireOwnFolder(folder).catch((error: unknown) => {
    if (error instanceof NotOurs) throw new StartFailure(error.message);
    if (errorCode(error) !== "ENOENT") throw new StartFailure(`${folder} cannot be used (${reasonOf(error)})`);
  });
  const client = await openEmbedded(folder);
  await migrateEmbedded(client, migrations);
  return embeddedDatabase(client);
}

const refusals: Readonly<Record<string, string>> = {
  "28P01": "does not accept the password in DATABASE_URL",
  "28000": "does not let the user in DATABASE_URL in",
  "3D000": "has no database of the name in DATABASE_URL",
  "42501": "does not give the user in DATABASE_URL the rights it needs",
};

function explained(error: unknown): unknown {
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  const refusal = refusals[code];
  if (refusal) return new StartFailure(`PostgreSQL ${refusal} (${code})`);
  if (isUnreachable(error)) return new StartFailure(`PostgreSQL does not answer at DATABASE_URL (${code})`);
  return error;
}
