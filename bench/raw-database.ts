import { join } from "node:path";
import type { PGlite, QueryOptions, Transaction } from "@electric-sql/pglite";
import postgres from "postgres";
import { openEmbedded } from "../src/database/embedded/open-embedded";
import type { Settings } from "../src/main/settings/environment";

/** A database driver without the product above it. */
export interface RawDatabase {
  /** Runs these statements in one transaction, one after the other. */
  transaction(statements: readonly { readonly text: string; readonly parameters: unknown[] }[]): Promise<void>;
  close(): Promise<void>;
}

export type OnStatement = (text: string, parameters: readonly unknown[]) => void;

/** The number of connections of a control plane to PostgreSQL, and of the loop. */
const connections = 16;

/** Opens the database as the product does. @param onStatement called for each statement, also `begin` and `commit` */
export async function openRaw(settings: Settings, onStatement?: OnStatement): Promise<RawDatabase> {
  return settings.databaseUrl === null
    ? embedded(settings, onStatement)
    : overNetwork(settings.databaseUrl, onStatement);
}

function overNetwork(url: string, onStatement?: OnStatement): RawDatabase {
  const client = postgres(url, {
    max: connections,
    onnotice: () => undefined,
    connection: { role: "portcullis_gate" },
    ...(onStatement ? { debug: (_connection, text, parameters) => onStatement(text, parameters) } : {}),
  });
  return {
    async transaction(statements) {
      await client.begin(async (tx) => {
        for (const { text, parameters } of statements) await tx.unsafe(text, parameters as never[], { prepare: true });
      });
    },
    close: () => client.end({ timeout: 5 }),
  };
}

async function embedded(settings: Settings, onStatement?: OnStatement): Promise<RawDatabase> {
  const client = await openEmbedded(join(settings.dataFolder, "database"));
  await client.exec("set role portcullis_gate");
  if (onStatement) watch(client, onStatement);
  return {
    async transaction(statements) {
      await client.transaction(async (tx) => {
        for (const { text, parameters } of statements) await tx.query(text, parameters);
      });
    },
    close: () => client.close(),
  };
}

/** Reports every statement that an embedded database receives. */
export function watch(client: PGlite, onStatement: OnStatement): void {
  const { query, transaction } = client;
  const watched = (target: object, run: PGlite["query"]) =>
    ((text: string, parameters?: unknown[], options?: QueryOptions) => {
      onStatement(text, parameters ?? []);
      return run.call(target, text, parameters, options);
    }) as PGlite["query"];
  client.query = watched(client, query);
  client.transaction = ((body: (tx: Transaction) => Promise<unknown>) =>
    transaction.call(client, async (tx) => {
      onStatement("begin", []);
      tx.query = watched(tx, tx.query);
      const result = await body(tx);
      onStatement("commit", []);
      return result;
    })) as PGlite["transaction"];
}
