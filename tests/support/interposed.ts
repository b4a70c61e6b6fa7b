import type { Runtime } from "#src/access/runtime";
import type { Database } from "#src/database/database";
import { createHandler } from "#src/http/handler";
import { type CallResponse, callsOf } from "./call-response";
import type { World } from "./world";

/** Concurrent changes right before the next statement or transaction of a request. Each runs once, in this order. */
export interface Meanwhile {
  /** Before a tenant's transaction begins, which is after the first authorization and after slow work. */
  readonly beforeTransaction?: readonly (() => Promise<unknown>)[];
  /** Before a statement outside a transaction. Authorizations are such statements. */
  readonly beforeCall?: readonly (() => Promise<unknown>)[];
}

/** Calls a procedure as `key`, with a concurrent change at exactly one moment of it. */
export async function callMeanwhile<T = Record<string, unknown>>(
  world: World,
  key: string,
  procedure: string,
  input: unknown,
  concurrent: Meanwhile,
): Promise<CallResponse<T>> {
  return callOn<T>(interposed(world.runtime, concurrent), key, procedure, input);
}

/** Returns a runtime with a concurrent change at exactly one moment of a request. */
export function interposed(runtime: Runtime, concurrent: Meanwhile): Runtime {
  const { database } = runtime;
  const transactions = [...(concurrent.beforeTransaction ?? [])];
  const calls = [...(concurrent.beforeCall ?? [])];
  const wrapped: Database = {
    ...database,
    transaction: async (role, organizationId, body) => {
      await transactions.shift()?.();
      return database.transaction(role, organizationId, body);
    },
    batch: async (role, organizationId, statements, body) => {
      await transactions.shift()?.();
      return database.batch(role, organizationId, statements, body);
    },
    call: async (statement) => {
      await calls.shift()?.();
      return database.call(statement);
    },
  };
  return { ...runtime, database: wrapped };
}

/** Calls a procedure on the given runtime. */
export function callOn<T = Record<string, unknown>>(
  runtime: Runtime,
  key: string,
  procedure: string,
  input: unknown,
): Promise<CallResponse<T>> {
  return callsOf(createHandler(runtime), { key, ip: "192.0.2.33" })<T>(procedure, input);
}
