import { parseApiKey } from "../../core/api-keys";
import { Forbidden, Invalid, Unauthenticated } from "../../core/errors";
import type { ObjectKind } from "../../core/located";
import type { Permission } from "../../core/permissions";
import { Authorized } from "../../persistence/authorized";
import type { Request } from "../../persistence/runtime";
import { asTrpcError } from "../errors";
import type { Context } from "./context";
import { t } from "./init";
import type { Locator } from "./of";

/**
 * Every procedure is made here, with its permission and the object it is about. In this order: who are you (401), the
 * object is in your organization (404), you may (403); the rest of the input is judged after that (400).
 */
export function procedure<P extends Permission, K extends ObjectKind>(permission: P, locate: Locator<K>) {
  return t.procedure
    .use(async ({ next }) => {
      const result = await next();
      if (!result.ok) throw asTrpcError(result.error);
      return result;
    })
    .use(async ({ ctx, path, type, getRawInput, next }) => {
      const request = requestOf(ctx, path);
      if (request.presents.kind === "session" && type === "mutation") requireOwnPage(ctx, request.presents.hash);
      const raw = await getRawInput().catch(async (unreadable: unknown) => {
        await Authorized.identify(request);
        throw unreadable;
      });
      const place = locate(raw);
      if (!place) {
        await Authorized.identify(request);
        throw new Invalid("invalid_input", "The input does not name the object that this procedure is about.");
      }
      return next({ ctx: { ...ctx, authorized: await Authorized.demand(request, permission, place.kind, place.id) } });
    });
}

/**
 * A key, where one is sent: then nobody looks at the cookie. Else the cookie's session.
 * @throws Unauthenticated `no_credentials` | `key_unknown`, both without a query
 */
function requestOf(ctx: Context, action: string): Request {
  const { runtime, requestId, ip, organizationId } = ctx;
  const request = { runtime, requestId, ip, local: ctx.arrival.kind === "local", action };
  if (ctx.apiKey !== null) {
    const parsed = parseApiKey(ctx.apiKey);
    if (!parsed.ok) throw new Unauthenticated("key_unknown", "This API key is not known here.");
    return { ...request, presents: { kind: "apiKey", hash: parsed.hash, organizationId } };
  }
  if (ctx.sessionHash !== null) {
    return { ...request, presents: { kind: "session", hash: ctx.sessionHash, organizationId } };
  }
  throw new Unauthenticated("no_credentials", "Sign in, or send an API key in the header x-api-key.");
}

/**
 * A browser sends the cookie whoever made the page: a change needs the token that only our own pages can read, and to
 * come from one of them.
 * @throws Forbidden `foreign_origin` | `csrf_token`
 */
function requireOwnPage({ runtime, arrival, from, csrfToken }: Context, sessionHash: string): void {
  if (arrival.kind === "unknown" || from !== arrival.origin) {
    throw new Forbidden("foreign_origin", "A change by a session has to come from a page of this origin.");
  }
  if (csrfToken === null || !runtime.signer.verify("csrf", sessionHash, csrfToken)) {
    throw new Forbidden("csrf_token", "Send the session's token in the header x-csrf-token.");
  }
}
