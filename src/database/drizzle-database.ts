import { type SQL, sql } from "drizzle-orm";
import { type Database, type DatabaseRole, rowsOf, type Transaction } from "./database";

/** What drizzle offers over either driver, as far as it is used here. Its sessions default to READ COMMITTED. */
export interface DrizzleClient {
  /** @param role the one that the transaction is going to take */
  transaction<T>(body: (tx: Transaction) => Promise<T>, role: DatabaseRole): Promise<T>;
  /** As `transaction`, where COMMIT may be sent together with the last of so many statements. */
  batch<T>(statements: number, body: (tx: Transaction) => Promise<T>, role: DatabaseRole): Promise<T>;
  execute(statement: SQL): PromiseLike<unknown>;
}

/** The one code path above either driver. */
export function drizzleDatabase(
  client: DrizzleClient,
  driver: Pick<Database, "kind" | "listen" | "hint" | "close">,
): Database {
  const entered =
    <T>(role: DatabaseRole, organizationId: string | null, body: (tx: Transaction) => Promise<T>) =>
    async (tx: Transaction): Promise<T> => {
      // Sent together with the body's first statement, which the server runs after it or, if it fails, not at all.
      const entering = tx.execute(enter(role, organizationId)).execute();
      // Nothing may be sent any more once the transaction is over, so the body is waited for in any case.
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

/** Takes the role, and for a tenant its organization, until the transaction ends. */
function enter(role: DatabaseRole, organizationId: string | null): SQL {
  if (role === "tenant" && organizationId === null) throw new Error("a tenant's transaction needs its organization");
  const entered = sql`select set_config('role', ${`portcullis_${role}`}, true), set_config('portcullis.organization_id', ${organizationId ?? ""}, true)`;
  // The sync's tables grow from nothing under one connection: a plan kept from then reads all of them for every page.
  return role === "sync" ? sql`${entered}, set_config('plan_cache_mode', 'force_custom_plan', true)` : entered;
}
