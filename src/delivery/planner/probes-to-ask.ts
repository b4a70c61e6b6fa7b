import type { Probe } from "../../traefik/compiler/state";
import type { AskedProbe } from "../protocol/probe";

/**
 * The present routes' probes, and one for every place where a route was and none of this application is now. A place
 * that nobody has seen gone yet is carried from delivery to delivery.
 */
export function probesToAsk(before: readonly AskedProbe[], present: readonly Probe[]): AskedProbe[] {
  const places = new Set(present.map(placeOf));
  const gone: AskedProbe[] = [];
  for (const probe of before) {
    if (places.has(placeOf(probe))) continue;
    places.add(placeOf(probe));
    gone.push({ ...probe, expect: "gone" });
  }
  return [...present, ...gone];
}

function placeOf({ host, path }: Pick<Probe, "host" | "path">): string {
  return `${host} ${path}`;
}
