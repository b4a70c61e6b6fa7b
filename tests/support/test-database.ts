import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PGlite, QueryOptions } from "@electric-sql/pglite";
import { drizzle as drizzleEmbedded } from "drizzle-orm/pglite";
import { drizzle as drizzlePostgres } from "drizzle-orm/postgres-js";
import { inject } from "vitest";
import { dumpTemplate, openEmbeddedInMemory } from "#src/database/embedded/open-in-memory";
import { embeddedDatabase } from "#src/database/embedded-database";
import { migrateEmbedded } from "#src/database/migrate";
import { openPostgres } from "#src/database/postgres-database";
import { lendDatabase, type OpenedDatabase } from "./lent-databases";
import { madeOnce } from "./made-once";
import { ownTemporaryFolder } from "./own-temporary-folder";
import { openAsOwner } from "./owner-connection";

declare module "vitest" {
  export interface ProvidedContext {
    /**
     * Connection string of the temporary cluster's maintenance database. It is empty if the embedded database is
     * tested.
     */
    clusterUrl: string;
  }
}

/** The project's folder. */
export const projectFolder = join(import.meta.dirname, "../..");

/** A migrated database for one test file, which the file returns with `close`. */
export type TestDatabase = Awaited<ReturnType<typeof openTestDatabase>>;

/**
 * Opens a database on the temporary cluster if there is one (`PORTCULLIS_TEST_DATABASE=postgres`), or an embedded one
 * in memory.
 */
export async function openTestDatabase() {
  const clusterUrl = inject("clusterUrl");
  if (!clusterUrl && process.env.PORTCULLIS_TEST_DATABASE === "postgres") {
    throw new Error("the suite should run on PostgreSQL, but no cluster was started for it");
  }
  return lendDatabase(clusterUrl, clusterUrl ? () => onCluster(clusterUrl) : embedded);
}

async function embedded(): Promise<OpenedDatabase> {
  const client = await openEmbeddedInMemory(await embeddedTemplate());
  const database = await embeddedDatabase(client);
  const query = async <Row>(statement: string, values: unknown[] = [], options: QueryOptions = {}) =>
    client.transaction(async (tx) => {
      await tx.exec("set local role postgres");
      return tx.query<Row>(statement, values, options);
    });
  // The one session has another role between transactions.
  const asOwner: PGlite = Object.create(client, { query: { value: query } });
  return {
    database,
    url: null,
    owner: drizzleEmbedded(asOwner),
    asOwner: async <Row>(statement: string, values: readonly unknown[] = []) =>
      (await query<Row>(statement, [...values])).rows,
    end: () => database.close(),
  };
}

/** A dump of a migrated database without rows. It is created once for all test files and runs. */
export async function embeddedTemplate(): Promise<Blob> {
  const path = templatePath("tar");
  await madeOnce(path, async (unfinished) => {
    const client = await openEmbeddedInMemory();
    await migrateEmbedded(client, projectFolder);
    const dump = await dumpTemplate(client);
    await client.close();
    await writeFile(unfinished, Buffer.from(await dump.arrayBuffer()));
  });
  return new Blob([readFileSync(path)]);
}

/** The path of a migrated database without rows. Its name contains a hash of the SQL. */
export function templatePath(kind: "tar" | "folder"): string {
  const hash = createHash("sha256").update(process.version);
  for (const folder of ["migrations", "drizzle/functions", "drizzle/policies"]) {
    for (const name of readdirSync(join(projectFolder, folder)).sort()) {
      if (name.endsWith(".sql")) hash.update(readFileSync(join(projectFolder, folder, name)));
    }
  }
  return join(ownTemporaryFolder(), `template-${hash.digest("hex").slice(0, 16)}.${kind}`);
}

/** The database that the global set-up migrated. The database of every test file is a copy of it. */
export const clusterTemplate = "portcullis_template";

async function onCluster(clusterUrl: string): Promise<OpenedDatabase> {
  const name = `test_${process.pid}_${Math.random().toString(36).slice(2, 10)}`;
  const maintenance = openAsOwner(clusterUrl);
  await maintenance.unsafe(`create database ${name} template ${clusterTemplate}`);
  await maintenance.end();
  const url = new URL(clusterUrl);
  url.pathname = `/${name}`;
  const owner = openAsOwner(url.href);
  const database = openPostgres(url.href, 16);
  return {
    database,
    url: url.href,
    owner: drizzlePostgres(owner),
    asOwner: async <Row>(statement: string, values: readonly unknown[] = []) => [
      ...(await owner.unsafe<(Row & Record<string, unknown>)[]>(statement, [...values] as never[])),
    ],
    end: async () => {
      await owner.end({ timeout: 1 });
      await database.close();
    },
  };
}
