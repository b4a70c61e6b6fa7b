import type { Probe } from "#src/traefik/compiler/state";
import type { PlannedProbe } from "../protocol/probe";

/**
 * Returns the probes of the present routes, and one probe for every place where the application had a route and has
 * none now. A place that was not yet seen gone is carried over from delivery to delivery.
 */
export function planProbes(before: readonly PlannedProbe[], present: readonly Probe[]): PlannedProbe[] {
  const places = new Set(present.map(placeOf));
  const gone: PlannedProbe[] = [];
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
