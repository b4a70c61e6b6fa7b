import { setTimeout as delay } from "node:timers/promises";
import { type BenchControlPlane, startControlPlane } from "../control-plane";
import { newCredentials } from "../credentials";
import { type Figure, notHere } from "../figure";
import type { LoadRequest } from "../http-load";
import { monotonic } from "../monotonic";
import { missing, newPlace, type Place } from "../place";
import { seed } from "../seed";
import { delivered } from "../settled";
import { median, ms, quantile, times } from "../statistics";
import { until } from "../until";

const asked = 1.2;
const askedMarkerMs = 50;
/** Longer than two markers have to be apart. */
const quietMs = 260;

/** What one change costs among few and among many applications, and how long its marker takes. */
export const amongMany: Figure = {
  name: "change",
  async measure({ full }) {
    const what = "one change among 10,000 applications, against one among 10 (postgres)";
    const why = missing("postgres");
    if (why !== null) return [notHere(what, why)];
    const few = await start(10);
    const many = await start(10_000);
    const samples = full ? 150 : 40;
    const costs: Record<"few" | "many", Change[]> = { few: [], many: [] };
    for (let warm = 0; warm < 10; warm++) for (const side of [few, many]) await change(side);
    for (let sample = 0; sample < samples; sample++) {
      costs.few.push(await change(few));
      costs.many.push(await change(many));
    }
    for (const side of [few, many]) {
      await side.server.stop();
      await side.place.remove();
    }
    const typical = (changes: readonly Change[]) => median(changes.map(({ allMs }) => allMs));
    const ratio = typical(costs.many) / typical(costs.few);
    const markers = [...costs.few, ...costs.many].map(({ markerMs }) => markerMs);
    return [
      {
        what,
        measured: `${times(ratio)} (request to marker, medians ${ms(typical(costs.many))} and ${ms(typical(costs.few))})`,
        asked: `<= ${times(asked)}`,
        ok: ratio <= asked,
      },
      {
        what: "commit to flushed marker when quiet, p99 (of both)",
        measured: `${ms(quantile(markers, 0.99))} (median ${ms(median(markers))}, ${markers.length} samples)`,
        asked: `<= ${ms(askedMarkerMs)}`,
        ok: quantile(markers, 0.99) <= askedMarkerMs,
      },
    ];
  },
};

interface Side {
  readonly place: Place;
  readonly server: BenchControlPlane;
  readonly next: () => LoadRequest;
}

async function start(applications: number): Promise<Side> {
  const place = await newPlace("postgres");
  const seeded = await seed(place, { organizations: 1, applications });
  const server = await startControlPlane(place, { sync: true, observed: true });
  await delivered(place);
  return { place, server, next: newCredentials(seeded) };
}

interface Change {
  /** From the request to its marker. */
  readonly allMs: number;
  /** From its commit to its marker. */
  readonly markerMs: number;
}

async function change({ server, next }: Side): Promise<Change> {
  await delay(quietMs + Math.random() * 50);
  const before = server.flushed.length;
  const { headers, procedure, input } = next();
  const begun = monotonic();
  await server.call(headers["x-api-key"] ?? "", procedure, input);
  const flushed = await until("a marker", () => server.flushed[before] ?? null, { everyMs: 2 });
  const committed = server.committed.at(-1) ?? begun;
  return { allMs: flushed - begun, markerMs: flushed - committed };
}
