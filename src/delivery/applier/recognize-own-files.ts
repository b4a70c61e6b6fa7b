import { isId } from "#src/platform/ids";
import { compileDeny } from "#src/traefik/compiler/compile-deny";
import { isCompileOf } from "#src/traefik/compiler/routes-document";
import type { GatewayState } from "#src/traefik/compiler/state";
import { isHost } from "#src/traefik/compiler/well-formed";

/** Returns the application that a file is named after, or null if the name is not that of an application's file. */
export function applicationOf(name: string): string | null {
  const id = name.endsWith(".yml") ? name.slice(0, -4) : "";
  return isId("application", id) ? id : null;
}

const form = /^0-deny-(org_[0-9a-z]{1,40})-(0|[1-9]\d{0,8})\.yml$/;

/** Returns the deny file that a name stands for. */
export function denyOf(name: string): { readonly organizationId: string; readonly group: number } | null {
  const [, organizationId, group] = form.exec(name) ?? [];
  return organizationId === undefined || group === undefined ? null : { organizationId, group: Number(group) };
}

/**
 * Checks whether this installation wrote a deny file. Compiled again from the hosts that it names, it must have the
 * same bytes, including the tag, which requires the gateway's key. A file in the format of an earlier version also
 * counts, because a copy of the folder may restore it.
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

/** Checks whether this installation wrote an application's file, at any time: it carries the tag of its own content. */
export function isOwnApplication(applicationId: string, text: string, gateway: GatewayState): boolean {
  const http = httpOf(text);
  return http !== null && isCompileOf(applicationId, gateway, http);
}

type Section = Readonly<Record<string, unknown>>;

function httpOf(text: string): Readonly<Record<string, Section>> | null {
  try {
    const document: unknown = JSON.parse(text);
    if (!isSection(document) || !isSection(document.http)) return null;
    const sections = Object.entries(document.http);
    const known = sections.filter((entry): entry is [string, Section] => isSection(entry[1]));
    return known.length === sections.length ? Object.fromEntries(known) : null;
  } catch {
    return null;
  }
}

function isSection(value: unknown): value is Section {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
