import { CLOSED_MIDDLEWARE } from "./closed-middleware";
import { GUARD_MIDDLEWARE, NOOP_SERVICE, PASS_HEADER, PASS_MIDDLEWARE, SHARED_FILE, TAG_HEADER } from "./names";
import { H2C_DENY_PRIORITY } from "./priority";
import { renderDocument } from "./render-document";
import { secretCode } from "./secret-code";
import type { CompiledFile, GatewayState } from "./state";
import { passMiddleware } from "./tag-middleware";

/** What the last middleware of every open chain of the gateway answers with. */
export function passTag(gateway: Pick<GatewayState, "tagKey">): string {
  return secretCode(gateway.tagKey, "pass", []);
}

/**
 * What all applications of a gateway share: the guard of its entry points, the pass middleware, and the refusal of
 * `Upgrade: h2c`, by which a visitor of one open path would get a raw tunnel to the upstream.
 *
 * The guard takes our own header names off requests: an upstream never sees them, and a middleware that does nothing
 * would not be built.
 */
export function compileShared(gateway: GatewayState): CompiledFile {
  const text = renderDocument({
    routers: {
      "portcullis-h2c": {
        entryPoints: [gateway.entryPoint],
        rule: "HeaderRegexp(`Upgrade`, `(?i)h2c`)",
        priority: H2C_DENY_PRIORITY,
        service: NOOP_SERVICE,
        middlewares: ["portcullis-closed"],
      },
    },
    middlewares: {
      [GUARD_MIDDLEWARE]: { headers: { customRequestHeaders: { [TAG_HEADER]: "", [PASS_HEADER]: "" } } },
      [PASS_MIDDLEWARE]: passMiddleware(passTag(gateway)),
      "portcullis-closed": CLOSED_MIDDLEWARE,
    },
  });
  return { name: SHARED_FILE, text };
}
