import type { PGlite } from "@electric-sql/pglite";
import { drizzle } from "drizzle-orm/pglite";
import type { Database } from "./database";
import { type DrizzleClient, drizzleDatabase } from "./drizzle-database";
import { keepStatements } from "./embedded/keep-statements";
import { setStatement } from "./session-settings";

/** Opens the embedded database after its migration. Its one session takes the role that may only call functions. */
export async function embeddedDatabase(client: PGlite): Promise<Database> {
  await client.exec(`${setStatement("embedded")}; set role portcullis_gate`);
  const one = drizzle(keepStatements(client));
  const drizzleClient: DrizzleClient = {
    transaction: (body) => one.transaction(body),
    batch: (_statements, body) => one.transaction(body),
    execute: (statement) => one.execute(statement),
  };
  return drizzleDatabase(drizzleClient, {
    kind: "embedded",
    listen: (channel, onHint) => client.listen(channel, onHint),
    // There is one process with one session, so listeners get the hint from this process directly.
    hint: async (channel, payload) => {
      await client.query("select pg_notify($1, $2)", [channel, payload]);
    },
    close: () => client.close(),
  });
}
