import { CLOSED_MIDDLEWARE } from "./closed-middleware";
import { type Router, unlessEmpty } from "./document";
import { inOrder } from "./in-order";
import { NOOP_SERVICE } from "./names";
import { denyPriority } from "./priority";
import { renderDocument } from "./render-document";
import { hostRule } from "./rule";
import { secretCode } from "./secret-code";
import type { CompiledFile, DenyState, GatewayState } from "./state";
import { tagMiddleware } from "./tag-middleware";
import { isHost, isId, isWildcard } from "./well-formed";

export interface CompiledDeny {
  /** `null` if no host is to be denied: the file must then be removed. */
  readonly file: CompiledFile | null;
  /** The tag with which a claimed host answers while it has no route. */
  readonly tag: string;
}

/**
 * Compiles the deny of claimed hosts. Its priority is below their routes and above all foreign routers.
 *
 * Hosts that are not in normal form are left out: no rule can be built from them, so no route can lead there either.
 * The tag depends on the hosts alone, not on the form of the file, so a deny that an earlier version wrote still proves
 * that the host is denied.
 * @param form `418` is the form that versions before 403 wrote; use it only to recognize their files
 * @throws TypeError for an organization or group that cannot be part of a file name
 */
export function compileDeny(state: DenyState, gateway: GatewayState, form: "403" | "418" = "403"): CompiledDeny {
  if (!isId(state.organizationId)) throw new TypeError("compileDeny: not an id");
  if (!Number.isSafeInteger(state.group) || state.group < 0) throw new TypeError("compileDeny: not a group");
  const name = `deny-${state.organizationId}-${state.group}`;
  const hosts = inOrder([...new Set(state.hosts.filter(isHost))], (host) => host);
  const tag = secretCode(gateway.tagKey, "deny", [state.organizationId, state.group, gateway.entryPoint, hosts]);
  const middlewares = {
    ...(gateway.tags ? { [`${name}-tag`]: tagMiddleware(tag) } : {}),
    ...(form === "403" ? { [`${name}-closed`]: CLOSED_MIDDLEWARE } : {}),
  };
  const chain = Object.keys(middlewares);
  const routers: Record<string, Router> = {};
  for (const kind of ["exact", "wildcard"] as const) {
    const rules = hosts.filter((host) => isWildcard(host) === (kind === "wildcard")).map(hostRule);
    if (rules.length === 0) continue;
    routers[`${name}-${kind}`] = {
      entryPoints: [gateway.entryPoint],
      rule: rules.join(" || "),
      priority: denyPriority(kind),
      service: NOOP_SERVICE,
      ...(chain.length > 0 ? { middlewares: chain } : {}),
    };
  }
  if (hosts.length === 0) return { file: null, tag };
  return {
    file: { name: denyFileName(state), text: renderDocument({ routers, ...unlessEmpty("middlewares", middlewares) }) },
    tag,
  };
}

/** The name of a group's deny file, even if the group is empty. */
export function denyFileName(state: Pick<DenyState, "organizationId" | "group">): string {
  return `0-deny-${state.organizationId}-${state.group}.yml`;
}
