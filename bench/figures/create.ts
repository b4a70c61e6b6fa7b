import { once } from "node:events";
import { join } from "node:path";
import { endProcess, startControlPlane, startProcess } from "../control-plane";
import { cpuOf } from "../cpu";
import { newCredentials } from "../credentials";
import { type Figure, notMeasured } from "../figure";
import { load } from "../http-load";
import { type DatabaseKind, type Installation, missing, newInstallation } from "../installation";
import type { LoopOptions, LoopReady, LoopRun } from "../processes/loop-process";
import { type SeededOrganization, seed } from "../seed";
import { times } from "../statistics";
import type { Row } from "../table";

const connections = 16;
const rounds = 3;
const target = 0.6;

/** `security.create` over HTTP, compared with a loop of the same hash and statements, in turn. */
export const create = (["postgres", "embedded"] as const).map(
  (kind): Figure => ({
    name: `create-${kind}`,
    measure: ({ full }) => onDatabase(kind, full ? 8_000 : 3_000),
  }),
);

async function onDatabase(kind: DatabaseKind, roundMs: number): Promise<Row[]> {
  const label = `security.create over HTTP, ${connections} connections, ${kind}`;
  const reason = missing(kind);
  if (reason !== null) return [notMeasured(label, reason)];
  // Two equal installations, because only one process at a time can open an embedded database.
  const installations = [await newInstallation(kind), await newInstallation(kind)] as const;
  try {
    const organizations = [await prepared(installations[0]), await prepared(installations[1])] as const;
    return await compare(label, installations, organizations, roundMs);
  } finally {
    for (const installation of installations) await installation.remove();
  }
}

async function prepared(installation: Installation): Promise<SeededOrganization> {
  const [organization] = await seed(installation, { organizations: 1, applications: 1_000 });
  if (organization === undefined) throw new Error("The seed contains no organization");
  return organization;
}

async function compare(
  label: string,
  [forHttp, forLoop]: readonly [Installation, Installation],
  [overHttp, inLoop]: readonly [SeededOrganization, SeededOrganization],
  roundMs: number,
): Promise<Row[]> {
  const loopOptions: LoopOptions = {
    key: inLoop.key,
    applicationIds: inLoop.applications.map(({ applicationId }) => applicationId),
    concurrency: connections,
  };
  const loop = startProcess("loop-process", loopOptions, forLoop, join(forLoop.dataFolder, "loop.log"));
  const [ready] = (await once(loop, "message")) as [LoopReady];
  const server = await startControlPlane(forHttp, { sync: false });
  const next = newCredentials([overHttp]);
  const runLoop = async (forMs: number) => {
    loop.send(forMs);
    const [run] = (await once(loop, "message")) as [LoopRun];
    return run;
  };
  const runHttp = async (forMs: number) => {
    const run = await load(server.url, { connections, forMs }, next);
    if (run.refused > 0) throw new Error(`${run.refused} requests were refused: ${run.firstRefusal}`);
    return { done: run.answers, seconds: run.seconds };
  };
  await runHttp(4_000); // the HTTP path has more code to warm up
  await runLoop(1_500);
  const http: LoopRun[] = [];
  const loops: LoopRun[] = [];
  const pids = [server.pid, loop.pid ?? 0] as const;
  const before = pids.map(cpuOf);
  for (let round = 0; round < rounds; round++) {
    http.push(await runHttp(roundMs));
    loops.push(await runLoop(roundMs));
  }
  const used = pids.map((pid, index) => (cpuOf(pid) ?? Number.NaN) - (before[index] ?? Number.NaN));
  const each = [http, loops].map(
    (runs, index) => (used[index] ?? 0) / runs.reduce((total, { done }) => total + done, 0),
  );
  await endProcess(loop);
  await server.stop();
  const [httpRate, loopRate] = [perSecond(http), perSecond(loops)];
  const isSameNumber = ready.product.length === ready.loop.length;
  return [
    {
      label,
      measured: `${times(httpRate / loopRate)} of the loop (${Math.round(httpRate)} of ${Math.round(loopRate)} per s)`,
      target: `>= ${times(target)}`,
      ok: httpRate / loopRate >= target,
    },
    {
      label: "  statements: unit of work | loop; authorization separately",
      measured: `${ready.product.length} | ${ready.loop.length}; ${ready.authorization.length}`,
      target: "the same number",
      ok: isSameNumber,
    },
    {
      label: "  CPU time of the process per request: over HTTP | in the loop",
      measured: each.map((value) => `${value.toFixed(2)} ms`).join(" | "),
      target: "",
      ok: null,
    },
  ];
}

function perSecond(runs: readonly LoopRun[]): number {
  return runs.reduce((total, { done }) => total + done, 0) / runs.reduce((total, { seconds }) => total + seconds, 0);
}
