import type { PGlite, QueryOptions, Transaction } from "@electric-sql/pglite";
import { drizzle } from "drizzle-orm/pglite";
import type { Database } from "./database";
import { drizzleDatabase } from "./drizzle-database";

/** The embedded database, migrated already. Its one session takes the role that may only call functions. */
export async function embeddedDatabase(client: PGlite): Promise<Database> {
  await client.exec("set default_transaction_isolation = 'read committed'; set role portcullis_gate");
  return drizzleDatabase(drizzle(withSharedParsers(client)), {
    kind: "embedded",
    listen: (channel, onHint) => client.listen(channel, onHint),
    // One process, one session: whoever listens here hears it from the process itself as well.
    hint: async (channel, payload) => {
      await client.query("select pg_notify($1, $2)", [channel, payload]);
    },
    close: () => client.close(),
  });
}

/**
 * Drizzle hands its few parsers to every single query, and PGlite merges them with some hundred of its own each time,
 * which takes a tenth of a request. They are always the same: here they are merged once.
 */
function withSharedParsers(client: PGlite): PGlite {
  const merged = new WeakSet<object>();
  const share = (target: object, query: PGlite["query"]) =>
    ((text: string, parameters?: unknown[], { parsers, ...options }: QueryOptions = {}) => {
      if (parsers && !merged.has(client.parsers)) {
        Object.assign(client.parsers, parsers);
        merged.add(client.parsers);
      }
      return query.call(target, text, parameters, options);
    }) as PGlite["query"];
  const { query, transaction } = client;
  client.query = share(client, query);
  client.transaction = ((body: (tx: Transaction) => Promise<unknown>) =>
    transaction.call(client, (tx) => {
      tx.query = share(tx, tx.query);
      return body(tx);
    })) as PGlite["transaction"];
  return client;
}
