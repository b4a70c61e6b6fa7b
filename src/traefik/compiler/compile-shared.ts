import { CLOSED_MIDDLEWARE } from "./closed-middleware";
import { GUARD_MIDDLEWARE, NOOP_SERVICE, PASS_HEADER, PASS_MIDDLEWARE, SHARED_FILE, TAG_HEADER } from "./names";
import { H2C_DENY_PRIORITY } from "./priority";
import { renderDocument } from "./render-document";
import { secretCode } from "./secret-code";
import type { CompiledFile, GatewayState } from "./state";
import { passMiddleware } from "./tag-middleware";

/** The value that the last middleware of every open chain of the gateway puts into its header. */
export function passTag(gateway: Pick<GatewayState, "tagKey">): string {
  return secretCode(gateway.tagKey, "pass", []);
}

/**
 * Compiles what all applications of a gateway share: the guard of its entry points, the pass middleware, and the
 * refusal of `Upgrade: h2c`, which would give a visitor of one open path a raw tunnel to the upstream.
 *
 * The guard removes Portcullis's header names from requests. Upstreams therefore never see them, and the guard has an
 * effect, without which Traefik would not build it.
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
