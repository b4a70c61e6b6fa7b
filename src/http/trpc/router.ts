import type { TRPCError, TRPCMutationProcedure, TRPCQueryProcedure } from "@trpc/server";
import { type Features, features } from "../../features/all";
import type { Call } from "../../operations/call";
import type { AnyOperation, Operation } from "../../operations/operation";
import { isOperation, type OperationTree } from "../../operations/operations-of";
import { ReasonedError } from "../../platform/errors/refusal";
import { asTrpcError, errorHeaders } from "../errors";
import { t } from "./init";

/** The procedure that tRPC and its client know of an operation. */
type ProcedureOf<O> =
  O extends Operation<infer Type, infer In, infer Out>
    ? Type extends "query"
      ? TRPCQueryProcedure<{ input: In; output: Out; meta: unknown }>
      : TRPCMutationProcedure<{ input: In; output: Out; meta: unknown }>
    : never;

type ProceduresOf<F> = { [K in keyof F]: F[K] extends AnyOperation ? ProcedureOf<F[K]> : ProceduresOf<F[K]> };

/** The operation does everything itself, in its own order; tRPC carries the input and the output. */
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

/** The error of the response; the header says in how many seconds to come again, where that is known. */
function refusedCall({ answerHeaders }: Pick<Call, "answerHeaders">, error: TRPCError): TRPCError {
  const refused = asTrpcError(error);
  if (!(refused.cause instanceof ReasonedError)) return refused;
  for (const [name, value] of Object.entries(errorHeaders(refused.cause))) answerHeaders.set(name, value);
  return refused;
}

function proceduresOf(tree: OperationTree): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(tree).map(([name, node]) => [name, isOperation(node) ? procedureOf(node) : proceduresOf(node)]),
  );
}

/** A tree of operations as a router with a procedure for each. */
export function routerOf<F extends OperationTree>(tree: F) {
  return t.router(proceduresOf(tree) as ProceduresOf<F>);
}

/** Every operation as a procedure. The SDK sees its type. */
export const router = routerOf<Features>(features);

export type Router = typeof router;
