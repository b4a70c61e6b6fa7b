import { isCompileOf } from "../../traefik/compiler/routes-document";
import type { GatewayState } from "../../traefik/compiler/state";

/** Whether an application's file was written from here, at whatever time: it carries the tag of its own content. */
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
