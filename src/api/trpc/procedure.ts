import { parseApiKey } from "../../core/api-keys";
import { Invalid, Unauthenticated } from "../../core/errors";
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
    .use(async ({ ctx, path, getRawInput, next }) => {
      const request = requestOf(ctx, path);
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

/** @throws Unauthenticated `no_credentials` | `key_unknown`, both without a query */
function requestOf(ctx: Context, action: string): Request {
  if (ctx.apiKey === null) {
    throw new Unauthenticated("no_credentials", "Send an API key in the header x-api-key.");
  }
  const parsed = parseApiKey(ctx.apiKey);
  if (!parsed.ok) throw new Unauthenticated("key_unknown", "This API key is not known here.");
  const { runtime, requestId, ip } = ctx;
  return { runtime, requestId, ip, action, presents: { kind: "apiKey", hash: parsed.hash } };
}
