import { type BenchControlPlane, startControlPlane } from "../control-plane";
import { newCredentials } from "../credentials";
import { type Figure, notMeasured } from "../figure";
import { type LoadRequest, load } from "../http-load";
import { type Installation, missing, newInstallation } from "../installation";
import { seed } from "../seed";
import { delivered } from "../settled";
import { times } from "../statistics";

const organizations = 16;
const target = 0.8;
const label = "16 organizations creating on one gateway, relative to 16 gateways (postgres, delivering)";

/** Whether organizations that share a gateway slow each other down. */
export const gateways: Figure = {
  name: "gateways",
  async measure({ full }) {
    const reason = missing("postgres");
    if (reason !== null) return [notMeasured(label, reason)];
    const one = await start(1);
    const many = await start(organizations);
    const roundMs = full ? 8_000 : 3_000;
    const rates: Record<"one" | "many", number[]> = { one: [], many: [] };
    for (const side of [one, many]) await run(side, 1_000);
    for (let round = 0; round < 3; round++) {
      rates.one.push(await run(one, roundMs));
      rates.many.push(await run(many, roundMs));
    }
    for (const side of [one, many]) {
      await side.server.stop();
      await side.installation.remove();
    }
    const [shared, separate] = [mean(rates.one), mean(rates.many)];
    return [
      {
        label,
        measured: `${times(shared / separate)} (${Math.round(shared)} and ${Math.round(separate)} per s)`,
        target: `>= ${times(target)}`,
        ok: shared / separate >= target,
      },
    ];
  },
};

interface Side {
  readonly installation: Installation;
  readonly server: BenchControlPlane;
  readonly next: () => LoadRequest;
}

async function start(number: number): Promise<Side> {
  const installation = await newInstallation("postgres");
  const seeded = await seed(installation, { organizations, gateways: number, applications: 32 });
  const server = await startControlPlane(installation, { sync: true });
  await delivered(installation);
  return { installation: installation, server, next: newCredentials(seeded) };
}

/** Delivers pending changes at the end, before the other side's turn. @returns the requests per second */
async function run({ installation, server, next }: Side, forMs: number): Promise<number> {
  const { answers, refused, firstRefusal, seconds } = await load(server.url, { connections: 16, forMs }, next);
  if (refused > 0) throw new Error(`${refused} requests were refused: ${firstRefusal}`);
  await delivered(installation);
  return answers / seconds;
}

function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}
