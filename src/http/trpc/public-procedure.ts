import { recordStranger } from "../../access/refusals";
import { Forbidden, Refusal } from "../../platform/errors";
import { isSameOrigin } from "../request-origin";
import { t } from "./init";
import { refusedCall } from "./procedure";

/** What only reads, and tells everybody the same: whoever asks, from wherever. */
export const publicQuery = t.procedure.use(async ({ ctx, path, next }) => {
  const result = await next();
  if (result.ok) return result;
  const { cause } = result.error;
  if (cause instanceof Refusal && cause.kind !== "unavailable") await recordStranger({ ...ctx, action: path }, cause);
  throw refusedCall(ctx, result.error);
});

/**
 * For whoever has not signed in yet: nobody asks who they are, so that its verb counts tries by address. It is a page of
 * ours that asks, at the origin that it came to.
 */
export const publicProcedure = publicQuery.use(({ ctx, next }) => {
  const { arrival, wrongHost, from, runtime, ip, sessionHash } = ctx;
  if (arrival.kind === "unknown") throw new Forbidden("unknown_origin", wrongHost ?? "");
  if (!isSameOrigin(from, arrival.origin)) {
    throw new Forbidden("foreign_origin", "This has to come from a page of this origin.");
  }
  const local = arrival.kind === "local";
  return next({ ctx: { ...ctx, visitor: { runtime, ip, local, origin: arrival.origin, sessionHash } } });
});
