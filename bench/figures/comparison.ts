import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type BenchControlPlane, startControlPlane } from "../control-plane";
import { type Figure, notMeasured } from "../figure";
import { type DatabaseKind, missing, newInstallation } from "../installation";
import { readAndHash } from "../raw-work";
import { type SeededOrganization, seed } from "../seed";
import { median, ms, quantile, times } from "../statistics";
import type { Row } from "../table";
import { until } from "../until";

const applications = 10_000;
const target = 4;
/** As a share of the comparison's own time. */
const waitTarget = 0.06;

/**
 * A full comparison of a large gateway, compared with only reading and hashing the same files, and its effect on
 * requests.
 */
export const comparison = (["postgres", "embedded"] as const).map(
  (kind): Figure => ({
    name: `comparison-${kind}`,
    measure: ({ full }) => onDatabase(kind, full ? 7 : 3),
  }),
);

interface Comparison {
  /** Times of the wall clock, in ms. */
  readonly begun: number;
  readonly ended: number;
}

async function onDatabase(kind: DatabaseKind, count: number): Promise<Row[]> {
  const label = `full comparison of 10,000 applications, ${kind}`;
  const reason = missing(kind);
  if (reason !== null) return [notMeasured(label, reason)];
  const installation = await newInstallation(kind);
  const [organization] = await seed(installation, { organizations: 1, applications });
  if (organization === undefined) throw new Error("The seed contains no organization");
  const server = await startControlPlane(installation, { sync: true, compareMs: 1_500 });
  // Early comparisons still repair files. Only comparisons that find nothing to do count.
  const idle = () => comparisonsIn(server.log()).filter(({ repaired }) => repaired === 0);
  await until("a comparison that finds everything in place", () => idle().length > 0, { everyMs: 200 });
  const before = idle().length;
  const waits = await sendRequests(server, organization, () => idle().length >= before + count);
  const comparisons = idle().slice(before, before + count);
  await server.stop();
  const raw: number[] = [];
  for (let round = 0; round < 3; round++) {
    const { files, ms: took } = await readAndHash(join(installation.gatewayFolder, "dynamic"));
    if (files < applications) throw new Error(`only ${files} files were delivered`);
    raw.push(took);
  }
  await installation.remove();
  const during = waits.filter(({ from, to }) => comparisons.some(({ begun, ended }) => from < ended && to > begun));
  const outside = waits.filter((one) => !during.includes(one));
  const longest = (of: typeof waits) => Math.max(...of.map(({ from, to }) => to - from));
  const took = median(comparisons.map(({ begun, ended }) => ended - begun));
  const ratio = took / median(raw);
  const share = longest(during) / took;
  return [
    {
      label,
      measured: `${times(ratio)} of reading and hashing its files (${ms(took)} and ${ms(median(raw))}, medians of 3)`,
      target: `<= ${times(target)}`,
      ok: ratio <= target,
    },
    {
      label: "  longest request during a comparison",
      measured: `${times(share)} of the comparison (${ms(longest(during))}, p99 ${ms(
        quantile(
          during.map(({ from, to }) => to - from),
          0.99,
        ),
      )}, ${during.length} requests; otherwise ${ms(longest(outside))})`,
      target: `<= ${times(waitTarget)}`,
      ok: share <= waitTarget,
    },
  ];
}

function comparisonsIn(log: string): (Comparison & { readonly repaired: number })[] {
  return log
    .split("\n")
    .filter((line) => line.includes('"the gateway\'s folder was compared"') && line.endsWith("}"))
    .map((line) => JSON.parse(line) as { time: number; ms: number; compared: number; repaired: number })
    .filter(({ compared }) => compared === applications)
    .map(({ time, ms: took, repaired }) => ({ begun: time - took, ended: time, repaired }));
}

/** Sends one request after the other until there are enough. @returns when each of them began and ended */
async function sendRequests(
  server: BenchControlPlane,
  { key, applications: all }: SeededOrganization,
  isEnough: () => boolean,
): Promise<{ from: number; to: number }[]> {
  const waits: { from: number; to: number }[] = [];
  for (let number = 0; ; number++) {
    if (number % 100 === 0 && isEnough()) return waits;
    const { applicationId = "" } = all[(number * 7_919) % all.length] ?? {};
    const from = Date.now();
    await server.call(key, "applications.one", { applicationId });
    waits.push({ from, to: Date.now() });
    await delay(5);
  }
}
