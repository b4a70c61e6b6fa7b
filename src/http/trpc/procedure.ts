import type { TRPCProcedureType as ProcedureType, TRPCError } from "@trpc/server";
import { ZodError } from "zod";
import { parseApiKey } from "../../access/api-keys";
import { Authorized } from "../../access/authorized";
import type { Permission } from "../../access/permissions";
import { type Principal, personOf } from "../../access/principal";
import { recordRefusal, recordStranger } from "../../access/refusals";
import type { ObjectKind, Organization } from "../../access/resources";
import type { Request } from "../../access/runtime";
import { followTrustedHeader } from "../../identity/external/follow-trusted-header";
import { Forbidden, Invalid, Refusal, retryAfterOf, Unauthenticated } from "../../platform/errors";
import { isoText } from "../../platform/moment";
import { asTrpcError } from "../errors";
import { isSameOrigin } from "../request-origin";
import type { Context } from "./context";
import { t } from "./init";
import type { Locator } from "./of";

/**
 * Every procedure is made here, with its permission and the object it is about. In this order: who are you (401), the
 * object is in your organization (404), you may (403); the rest of the input is judged after that (400).
 */
export function procedure<P extends Permission, K extends ObjectKind>(permission: P, locate: Locator<K>) {
  return t.procedure
    .use(async ({ ctx, next }) => {
      const result = await next();
      if (!result.ok) throw refusedCall(ctx, result.error);
      return result;
    })
    .use(async ({ ctx, path, type, getRawInput, next }) => {
      const request = await requestOf(ctx, path);
      if (request.presents.kind === "session" && type === "mutation") {
        await requireOwnPage(ctx, request, request.presents.hash);
      }
      const raw = await getRawInput().catch(async (unreadable: unknown) => {
        await Authorized.identify(request);
        throw unreadable;
      });
      const place = locate(raw);
      if (!place) {
        await Authorized.identify(request);
        throw new Invalid("invalid_input", "The input does not name the object that this procedure is about.");
      }
      const authorized = await Authorized.demand(request, permission, place.kind, place.id);
      const result = await next({ ctx: { ...ctx, authorized } });
      if (!result.ok) await recordLate(authorized, result.error, type);
      return result;
    });
}

/** What the caller is told, and in how many seconds to come again. */
export function refusedCall({ answerHeaders }: Context, error: TRPCError): TRPCError {
  const refused = asTrpcError(error);
  const retryAfter = retryAfterOf(refused.cause);
  if (retryAfter !== null) answerHeaders.set("retry-after", String(retryAfter));
  return refused;
}

/** A key that was rotated says in every answer until when it goes on. */
const sayWhenKeyEnds =
  ({ answerHeaders }: Context) =>
  (principal: Principal): void => {
    if (principal.kind !== "apiKey" || principal.overlapEndsAt === null) return;
    answerHeaders.set("x-api-key-expires-at", isoText(principal.overlapEndsAt));
  };

/**
 * A key, where one is sent: then nobody looks at the cookie. Else the cookie's session.
 * @throws Unauthenticated `no_credentials` | `key_unknown`, both without looking for anybody
 */
export async function requestOf(ctx: Context, action: string): Promise<Request> {
  const { runtime, requestId, ip, organizationId } = ctx;
  const sayWhen = sayWhenKeyEnds(ctx);
  const onIdentified: NonNullable<Request["onIdentified"]> = (principal, organization) => {
    sayWhen(principal);
    ctx.slot.assign(ownerOf(ctx, principal, organization));
  };
  const request = { runtime, requestId, ip, local: ctx.arrival.kind === "local", action, onIdentified };
  if (ctx.apiKey !== null) {
    const parsed = parseApiKey(ctx.apiKey);
    if (!parsed.ok) {
      const refusal = new Unauthenticated("key_unknown", "This API key is not known here.");
      await recordStranger({ ...request, runtime }, refusal, "key_malformed");
      throw refusal;
    }
    return { ...request, presents: { kind: "apiKey", hash: parsed.hash, organizationId } };
  }
  if (ctx.sessionHash !== null) {
    await followTrustedHeader({ ...ctx, local: request.local, sessionHash: ctx.sessionHash });
    return { ...request, presents: { kind: "session", hash: ctx.sessionHash, organizationId } };
  }
  const hint = ctx.wrongHost === null ? "" : ` ${ctx.wrongHost}`;
  throw new Unauthenticated("no_credentials", `Sign in, or send an API key in the header x-api-key.${hint}`);
}

/** Whose share of this process a request counts against. People without an organization count each for themselves. */
function ownerOf(
  { runtime }: Context,
  principal: Principal,
  { organizationId }: Pick<Organization, "organizationId">,
): string {
  return organizationId === runtime.installationId ? (personOf(principal) ?? organizationId) : organizationId;
}

/**
 * A browser sends the cookie whoever made the page: a change needs the token that only our own pages can read, and to
 * come from one of them.
 * @throws Forbidden `foreign_origin` | `csrf_token`
 */
async function requireOwnPage(ctx: Context, request: Request, sessionHash: string): Promise<void> {
  const refusal = notOwnPage(ctx, sessionHash);
  if (refusal === null) return;
  await Authorized.refuse(request, refusal);
  throw refusal;
}

function notOwnPage({ runtime, arrival, from, csrfToken }: Context, sessionHash: string): Forbidden | null {
  if (arrival.kind === "unknown" || !isSameOrigin(from, arrival.origin)) {
    return new Forbidden("foreign_origin", "A change by a session has to come from a page of this origin.");
  }
  if (csrfToken === null || !runtime.signer.verify("csrf", sessionHash, csrfToken)) {
    return new Forbidden("csrf_token", "Send the session's token in the header x-csrf-token.");
  }
  return null;
}

/**
 * Audits what a verb, or the schema of its input, refused and nobody wrote down yet: a limit, say. An input that a
 * query does not take is not a try at anything.
 */
async function recordLate<P extends Permission, K extends ObjectKind>(
  { request, principal, organization, place }: Authorized<P, K>,
  { cause }: TRPCError,
  type: ProcedureType,
): Promise<void> {
  const refusal =
    cause instanceof ZodError && type === "mutation" ? new Invalid("invalid_input", "The input is wrong.") : cause;
  if (!(refusal instanceof Refusal) || refusal.kind === "unavailable") return;
  await recordRefusal(request, principal, organization, refusal, place);
}
