import { compileDeny } from "../../traefik/compiler/compile-deny";
import type { GatewayState } from "../../traefik/compiler/state";
import { isHost } from "../../traefik/compiler/well-formed";

const form = /^0-deny-(org_[0-9a-z]{1,40})-(0|[1-9]\d{0,8})\.yml$/;

/** Which deny file a name stands for. */
export function denyOf(name: string): { readonly organizationId: string; readonly group: number } | null {
  const [, organizationId, group] = form.exec(name) ?? [];
  return organizationId === undefined || group === undefined ? null : { organizationId, group: Number(group) };
}

/**
 * Whether a deny file was written from here: compiled again from the hosts that it names, it has the very same bytes,
 * tag included, which nobody else can make. A file in the form of an earlier version counts as well: it may come back
 * from a copy of the folder.
 */
export function isOwnDeny(name: string, text: string, gateway: GatewayState): boolean {
  const deny = denyOf(name);
  if (deny === null) return false;
  const state = { ...deny, hosts: hostsNamedIn(text) };
  return (["403", "418"] as const).some((form) => compileDeny(state, gateway, form).file?.text === text);
}

function hostsNamedIn(text: string): string[] {
  const exact = [...text.matchAll(/\bHost\(`([^`]+)`\)/g)].map(([, host]) => host ?? "");
  const wildcard = [...text.matchAll(/\bHostRegexp\(`\^\[\^\.\]\+([^`]+)\\\\\.\?\$`\)/g)].map(
    ([, rest]) => `*${(rest ?? "").replaceAll("\\\\", "")}`,
  );
  return [...exact, ...wildcard].filter(isHost);
}
