import { type ClientRequest, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { type BenchControlPlane, startControlPlane } from "../control-plane";
import { cpuOf, residentMegabytes } from "../cpu";
import { type Figure, notMeasured } from "../figure";
import { missing, newInstallation } from "../installation";
import { type SeededOrganization, seed } from "../seed";
import type { Row } from "../table";
import { until } from "../until";

const organizations = 10;
const streams = 500;
/** The number of streams that one key may have open. */
const streamsOfKey = 10;
const settleMs = 5_000;
const idleMs = 20_000;
const targetMegabytes = 50;

/** The memory and the CPU time of a control plane for 500 idle streams of ten organizations. */
export const idleStreams: Figure = {
  name: "streams",
  async measure() {
    const label = `resident memory of ${streams} idle streams, postgres`;
    const reason = missing("postgres");
    if (reason !== null) return [notMeasured(label, reason)];
    const installation = await newInstallation("postgres");
    try {
      const seeded = await seed(installation, { organizations, applications: 100 });
      const environment = { ...installation.environment, PORTCULLIS_KEY_CREATIONS_PER_HOUR: "0" };
      const server = await startControlPlane({ ...installation, environment }, { sync: false });
      const rows = await measure(label, server, seeded);
      await server.stop();
      return rows;
    } finally {
      await installation.remove();
    }
  },
};

async function measure(
  label: string,
  server: BenchControlPlane,
  seeded: readonly SeededOrganization[],
): Promise<Row[]> {
  const keys = await Promise.all(seeded.map(({ key }) => keysOf(server, key)));
  const warm = await hold(server.url, keys.flat().slice(0, 1));
  await delay(settleMs);
  warm.end();
  const before = residentMegabytes(server.pid);
  const held = await hold(server.url, keys.flat());
  await delay(settleMs);
  const cpuBefore = cpuOf(server.pid) ?? 0;
  await delay(idleMs);
  const cpu = (cpuOf(server.pid) ?? 0) - cpuBefore;
  const after = residentMegabytes(server.pid);
  const { begun, ended } = held.count();
  held.end();
  if (before === null || after === null) return [notMeasured(label, "the system does not report it")];
  const used = after - before;
  return [
    {
      label,
      measured: `${Math.round(used)} MB (${begun} begun, ${ended} ended early)`,
      target: `<= ${targetMegabytes} MB`,
      ok: used <= targetMegabytes && begun === streams && ended === 0,
    },
    {
      label: "  share of one core while they are idle",
      measured: `${((100 * cpu) / idleMs).toFixed(1)} %`,
      target: "",
      ok: null,
    },
  ];
}

async function keysOf({ call }: BenchControlPlane, owner: string): Promise<string[]> {
  const keys: string[] = [];
  for (let number = 0; number < streams / organizations / streamsOfKey; number++) {
    const { key } = await call<{ key: string }>(owner, "keys.create", { name: `streams-${number}`, role: "viewer" });
    keys.push(...Array.from({ length: streamsOfKey }, () => key));
  }
  return keys;
}

/** Opens one stream for each key, each on its own connection. */
async function hold(url: string, keys: readonly string[]) {
  const open: ClientRequest[] = [];
  let begun = 0;
  let ended = 0;
  for (const key of keys) {
    const sent = request(`${url}/api/events`, { headers: { "x-api-key": key }, agent: false });
    sent.on("response", (response) => {
      response.once("data", () => {
        begun++;
      });
      response.on("end", () => {
        ended++;
      });
      response.on("error", () => undefined);
    });
    sent.on("error", () => undefined); // the requests are destroyed below
    sent.end();
    open.push(sent);
    if (open.length % 20 === 0) await delay(20);
  }
  await until("all streams to begin", () => begun === keys.length);
  return {
    count: () => ({ begun, ended }),
    end: () => {
      for (const sent of open) sent.destroy();
    },
  };
}
