import type { TRPCError, TRPCMutationProcedure, TRPCQueryProcedure } from "@trpc/server";
import { type Features, features } from "#src/features/all";
import type { Call } from "#src/operations/call";
import type { AnyOperation, Operation } from "#src/operations/operation";
import { isOperation, type OperationTree } from "#src/operations/operations-of";
import { ReasonedError } from "#src/platform/errors/refusal";
import { refusalHeaders } from "../refusal";
import { asTrpcError } from "./errors";
import { t } from "./init";

/** The type of an operation's procedure for tRPC and its client. */
type ProcedureOf<O> =
  O extends Operation<infer Type, infer In, infer Out>
    ? Type extends "query"
      ? TRPCQueryProcedure<{ input: In; output: Out; meta: unknown }>
      : TRPCMutationProcedure<{ input: In; output: Out; meta: unknown }>
    : never;

type ProceduresOf<F> = { [K in keyof F]: F[K] extends AnyOperation ? ProcedureOf<F[K]> : ProceduresOf<F[K]> };

/** Wraps an operation as a procedure. tRPC only transports the input and the output; the operation does all checks. */
function procedureOf(operation: AnyOperation) {
  const base = t.procedure
    .use(async ({ ctx, next }) => {
      const result = await next();
      if (!result.ok) throw refusedCall(ctx, result.error);
      return result;
    })
    .use(({ ctx, getRawInput, next }) => next({ ctx: { ...ctx, read: getRawInput } }));
  return operation.type === "query"
    ? base.query(({ ctx, signal }) => operation.run({ ...ctx, signal }, ctx.read))
    : base.mutation(({ ctx, signal }) => operation.run({ ...ctx, signal }, ctx.read));
}

/** Returns the error of the response, and sets `Retry-After` in seconds if it is known. */
function refusedCall({ responseHeaders }: Pick<Call, "responseHeaders">, error: TRPCError): TRPCError {
  const refused = asTrpcError(error);
  if (!(refused.cause instanceof ReasonedError)) return refused;
  for (const [name, value] of Object.entries(refusalHeaders(refused.cause))) responseHeaders.set(name, value);
  return refused;
}

function proceduresOf(tree: OperationTree): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(tree).map(([name, node]) => [name, isOperation(node) ? procedureOf(node) : proceduresOf(node)]),
  );
}

/** Builds a router with one procedure for each operation of the tree. */
export function routerOf<F extends OperationTree>(tree: F) {
  return t.router(proceduresOf(tree) as ProceduresOf<F>);
}

/** The router of all operations. The SDK uses its type. */
export const router = routerOf<Features>(features);

export type Router = typeof router;
