import { setTimeout as delay } from "node:timers/promises";
import { type BenchControlPlane, startControlPlane } from "../control-plane";
import { newCredentials } from "../credentials";
import { type Figure, notMeasured } from "../figure";
import type { LoadRequest } from "../http-load";
import { type Installation, missing, newInstallation } from "../installation";
import { monotonic } from "../monotonic";
import { threeFlushedRenames, timed } from "../raw-work";
import { seed } from "../seed";
import { delivered } from "../settled";
import { median, ms, quantile, times } from "../statistics";
import { until } from "../until";

const target = 1.2;
const markerTarget = 3.5;
/** Longer than the required distance between two markers. */
const quietMs = 260;

/** The time of one change among few and among many applications, and the time until its marker. */
export const amongMany: Figure = {
  name: "change",
  async measure({ full }) {
    const label = "one change among 10,000 applications, relative to 10 (postgres)";
    const reason = missing("postgres");
    if (reason !== null) return [notMeasured(label, reason)];
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
      await side.installation.remove();
    }
    const typical = (changes: readonly Change[]) => median(changes.map(({ allMs }) => allMs));
    const ratio = typical(costs.many) / typical(costs.few);
    const changes = [...costs.few, ...costs.many];
    const markers = changes.map(({ markerMs }) => markerMs);
    const raw = median(changes.map(({ rawMs }) => rawMs));
    const markerRatio = median(markers) / raw;
    return [
      {
        label,
        measured: `${times(ratio)} (request to marker, medians ${ms(typical(costs.many))} and ${ms(typical(costs.few))})`,
        target: `<= ${times(target)}`,
        ok: ratio <= target,
      },
      {
        label: "commit to flushed marker at rest (both sides)",
        measured: `${times(markerRatio)} of three flushed renames and twenty statements (medians ${ms(median(markers))} and ${ms(raw)}; p99 ${ms(quantile(markers, 0.99))})`,
        target: `<= ${times(markerTarget)}`,
        ok: markerRatio <= markerTarget,
      },
    ];
  },
};

interface Side {
  readonly installation: Installation;
  readonly server: BenchControlPlane;
  readonly next: () => LoadRequest;
}

async function start(applications: number): Promise<Side> {
  const installation = await newInstallation("postgres");
  const seeded = await seed(installation, { organizations: 1, applications });
  const server = await startControlPlane(installation, { sync: true, observed: true });
  await delivered(installation);
  return { installation: installation, server, next: newCredentials(seeded) };
}

interface Change {
  /** From the request to its marker. */
  readonly allMs: number;
  /** From the commit to its marker. */
  readonly markerMs: number;
  /** The same work of the disk and the database without the product, right afterwards. */
  readonly rawMs: number;
}

async function change({ installation, server, next }: Side): Promise<Change> {
  await delay(quietMs + Math.random() * 50);
  const before = server.flushed.length;
  const { headers, procedure, input } = next();
  const begun = monotonic();
  await server.call(headers["x-api-key"] ?? "", procedure, input);
  const flushed = await until("a marker", () => server.flushed[before] ?? null, { everyMs: 2 });
  const committed = server.committed.at(-1) ?? begun;
  const rawMs = (await threeFlushedRenames(installation.dataFolder)) + (await timed(() => roundTrips(installation)));
  return { allMs: flushed - begun, markerMs: flushed - committed, rawMs };
}

/** Twenty consecutive statements over one connection, two of which write and are flushed. */
async function roundTrips({ query }: Installation): Promise<void> {
  for (let number = 0; number < 20; number++) {
    await query(number % 10 === 0 ? "select pg_logical_emit_message(true, 'bench', 'x')::text" : "select 1");
  }
}
