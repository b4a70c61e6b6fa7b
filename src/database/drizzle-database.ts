import { type SQL, sql } from "drizzle-orm";
import { type Database, type DatabaseRole, rowsOf, type Transaction } from "./database";

/** The parts of drizzle that both drivers offer and this module uses. Sessions default to READ COMMITTED. */
export interface DrizzleClient {
  /** @param role the role that the transaction will take */
  transaction<T>(body: (tx: Transaction) => Promise<T>, role: DatabaseRole): Promise<T>;
  /** Like `transaction`, but COMMIT may be sent together with the last of this number of statements. */
  batch<T>(statements: number, body: (tx: Transaction) => Promise<T>, role: DatabaseRole): Promise<T>;
  execute(statement: SQL): PromiseLike<unknown>;
}

/** The database interface for either driver. */
export function drizzleDatabase(
  client: DrizzleClient,
  driver: Pick<Database, "kind" | "listen" | "hint" | "close">,
): Database {
  const entered =
    <T>(role: DatabaseRole, organizationId: string | null, body: (tx: Transaction) => Promise<T>) =>
    async (tx: Transaction): Promise<T> => {
      // This is sent together with the body's first statement. The server runs that one afterwards, or not at all if
      // this fails.
      const entering = tx.execute(enter(role, organizationId)).execute();
      // No statement may be sent after the end of the transaction, so this always waits for the body.
      const [entry, outcome] = await Promise.allSettled([entering, body(tx)]);
      if (entry.status === "rejected") throw entry.reason;
      if (outcome.status === "rejected") throw outcome.reason;
      return outcome.value;
    };
  return {
    ...driver,
    transaction: (role, organizationId, body) => client.transaction(entered(role, organizationId, body), role),
    batch: (role, organizationId, statements, body) =>
      client.batch(statements + 1, entered(role, organizationId, body), role),
    call: async <Row>(statement: SQL) => rowsOf<Row>(await client.execute(statement)),
  };
}

/** Takes the role, and for a tenant also its organization, until the transaction ends. */
function enter(role: DatabaseRole, organizationId: string | null): SQL {
  if (role === "tenant" && organizationId === null) throw new Error("a tenant's transaction needs its organization");
  const entered = sql`select set_config('role', ${`portcullis_${role}`}, true), set_config('portcullis.organization_id', ${organizationId ?? ""}, true)`;
  // The sync's tables grow from zero rows during one connection. A plan cached at that time would read whole tables for
  // every page.
  return role === "sync" ? sql`${entered}, set_config('plan_cache_mode', 'force_custom_plan', true)` : entered;
}
