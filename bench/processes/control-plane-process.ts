import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Runtime } from "../../src/access/runtime";
import { type RunningSync, startSync } from "../../src/delivery/leader/start-sync";
import { createWaitHub } from "../../src/delivery/wait-hub";
import { createHandler } from "../../src/http/handler";
import { listen } from "../../src/http/server/http-server";
import { makeLog } from "../../src/main/log";
import { openInstallation } from "../../src/main/open-installation";
import { prepareForNextAuth, readEnvironment } from "../../src/main/settings/environment";
import { signInSettings } from "../../src/main/sign-in-settings";
import { realSurroundings } from "../../src/main/system";
import { monotonic } from "../monotonic";
import { withOpenReads } from "../open-reads";

/** How a control plane is started for a figure. */
export interface ControlPlaneOrder {
  /** Without it nothing is delivered. */
  readonly sync: boolean;
  /** Tells of every commit and every marker. */
  readonly observed?: boolean;
  /** Answers some queries to whoever asks (see `withOpenReads`). */
  readonly openReads?: boolean;
  /** Time between two full comparisons, in ms. */
  readonly compareMs?: number;
  /** Collects garbage every so many ms, and tells what is held after it. */
  readonly collectMs?: number;
}

/** What it says; moments are of the machine's monotonic clock, in ms. */
export type ControlPlaneReport =
  | { readonly ready: string }
  /** A unit of work was committed. */
  | { readonly committed: number }
  /** A marker was renamed (Traefik sees it) | and its folder flushed. */
  | { readonly marked: number }
  | { readonly flushed: number }
  /** What the process holds after a garbage collection: heap and external buffers, in MB. */
  | { readonly heldMegabytes: number };

const order = JSON.parse(process.argv[2] ?? "{}") as ControlPlaneOrder;
prepareForNextAuth();
const settings = readEnvironment(process.env);
const log = makeLog(settings.logLevel);
const surroundings = realSurroundings();
const say = (report: ControlPlaneReport): void => void process.send?.(report);

const http = await listen({ host: settings.host, port: 0, log });
const { database, sealer, signer, installationId } = await openInstallation(settings, surroundings);
let sync: RunningSync | null = null;
const prioritize = (applicationId: string) => sync?.prioritize(applicationId);
const runtime: Runtime = {
  ...surroundings,
  random: randomBytes,
  database,
  sealer,
  signer,
  installationId,
  signIn: signInSettings(settings, `http://${settings.host}:${http.port}`, { host: settings.host, port: http.port }),
  log,
  isStrict: false,
  mailer: null,
  listensOn: [{ host: settings.host, port: http.port }],
  wake: (gatewayIds) => {
    sync?.wake(gatewayIds);
    if (order.observed) say({ committed: monotonic() });
  },
  prioritize,
  waits: createWaitHub({ database, log, prioritize }),
};
if (order.sync) {
  sync = startSync(runtime, {
    folderOf: ({ name }) => ({ folder: join(settings.dataFolder, "gateways", name) }),
    ...(order.compareMs === undefined ? {} : { timing: { compareMs: order.compareMs } }),
    faultPoint: (point) => {
      if (!order.observed) return;
      if (point === "marked") say({ marked: monotonic() });
      if (point === "flushed") say({ flushed: monotonic() });
    },
  });
}
const handler = createHandler(runtime);
http.serve({
  api: order.openReads ? withOpenReads(runtime, handler) : handler,
  pages: (_request, response) => void response.writeHead(404).end(),
});
await sync?.ready;
if (order.collectMs !== undefined) {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  setInterval(() => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    say({ heldMegabytes: (heapUsed + external) / 2 ** 20 });
  }, order.collectMs);
}
process.once("SIGTERM", async () => {
  await http.close(1_000);
  await sync?.stop();
  await database.close();
  process.exit(0);
});
process.once("disconnect", () => process.exit(0));
say({ ready: `http://${settings.host}:${http.port}` });
