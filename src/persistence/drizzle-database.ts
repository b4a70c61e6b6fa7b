import { type SQL, sql } from "drizzle-orm";
import { type Database, type DatabaseRole, rowsOf, type Transaction } from "./database";

/** What drizzle offers over either driver, as far as it is used here. */
export interface DrizzleClient {
  transaction<T>(body: (tx: Transaction) => Promise<T>, config: { isolationLevel: "read committed" }): Promise<T>;
  execute(statement: SQL): PromiseLike<unknown>;
}

/** The one code path above either driver. */
export function drizzleDatabase(
  client: DrizzleClient,
  driver: Pick<Database, "kind" | "listen" | "hint" | "close">,
): Database {
  return {
    ...driver,
    transaction: (role, organizationId, body) =>
      client.transaction(
        async (tx) => {
          await tx.execute(enter(role, organizationId));
          return body(tx);
        },
        { isolationLevel: "read committed" },
      ),
    call: async <Row>(statement: SQL) => rowsOf<Row>(await client.execute(statement)),
  };
}

/** Takes the role, and for a tenant its organization, until the transaction ends. */
function enter(role: DatabaseRole, organizationId: string | null): SQL {
  if (role === "tenant" && organizationId === null) throw new Error("a tenant's transaction needs its organization");
  return sql`select set_config('role', ${`portcullis_${role}`}, true), set_config('portcullis.organization_id', ${organizationId ?? ""}, true)`;
}
