import { CLOSED_MIDDLEWARE } from "./closed-middleware";
import type { Router } from "./document";
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
  /** `null` when no host is to be denied: the file is to be removed. */
  readonly file: CompiledFile | null;
  /** What a claimed host answers with while no route of it is there. */
  readonly tag: string;
}

/**
 * The deny of claimed hosts: below their routes, above everybody else's.
 *
 * Hosts that are not in normal form are left out: no rule can be built of them, so no route can lead there either.
 * @throws TypeError for an organization or group that cannot be part of a file name
 */
export function compileDeny(state: DenyState, gateway: GatewayState): CompiledDeny {
  if (!isId(state.organizationId)) throw new TypeError("compileDeny: not an id");
  if (!Number.isSafeInteger(state.group) || state.group < 0) throw new TypeError("compileDeny: not a group");
  const name = `deny-${state.organizationId}-${state.group}`;
  const hosts = inOrder([...new Set(state.hosts.filter(isHost))], (host) => host);
  const tag = secretCode(gateway.tagKey, "deny", [state.organizationId, state.group, gateway.entryPoint, hosts]);
  const routers: Record<string, Router> = {};
  for (const kind of ["exact", "wildcard"] as const) {
    const rules = hosts.filter((host) => isWildcard(host) === (kind === "wildcard")).map(hostRule);
    if (rules.length === 0) continue;
    routers[`${name}-${kind}`] = {
      entryPoints: [gateway.entryPoint],
      rule: rules.join(" || "),
      priority: denyPriority(kind),
      service: NOOP_SERVICE,
      middlewares: [...(gateway.tags ? [`${name}-tag`] : []), `${name}-closed`],
    };
  }
  if (hosts.length === 0) return { file: null, tag };
  const middlewares = {
    ...(gateway.tags ? { [`${name}-tag`]: tagMiddleware(tag) } : {}),
    [`${name}-closed`]: CLOSED_MIDDLEWARE,
  };
  return { file: { name: denyFileName(state), text: renderDocument({ routers, middlewares }) }, tag };
}

/** The name of a group's deny file, whether or not it holds anything. */
export function denyFileName(state: Pick<DenyState, "organizationId" | "group">): string {
  return `0-deny-${state.organizationId}-${state.group}.yml`;
}
