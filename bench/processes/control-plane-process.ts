import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Runtime } from "#src/access/runtime";
import { createEventHub } from "#src/delivery/events/event-hub";
import { type RunningSync, startSync } from "#src/delivery/leader/start-sync";
import { createWaitHub } from "#src/delivery/wait-hub";
import { createHandler } from "#src/http/handler";
import { listen } from "#src/http/server/http-server";
import { makeLog } from "#src/main/log";
import { openInstallation } from "#src/main/open-installation";
import { prepareForNextAuth, readEnvironment } from "#src/main/settings/environment";
import { signInSettings } from "#src/main/sign-in-settings";
import { realSurroundings } from "#src/main/system";
import { monotonic } from "../monotonic";
import { withOpenReads } from "../open-reads";

/** How a control plane is started for a figure. */
export interface ControlPlaneOptions {
  /** Whether changes are delivered. */
  readonly sync: boolean;
  /** Whether every commit and every marker is reported. */
  readonly observed?: boolean;
  /** Whether some queries are answered without authentication (see `withOpenReads`). */
  readonly openReads?: boolean;
  /** Time between two full comparisons, in ms. */
  readonly compareMs?: number;
  /** The interval in ms at which garbage is collected and the memory in use is reported. */
  readonly collectMs?: number;
}

/** A message of the control plane. Times are of the machine's monotonic clock, in ms. */
export type ControlPlaneReport =
  | { readonly ready: string }
  /** A unit of work was committed. */
  | { readonly committed: number }
  /** A marker was renamed, so that Traefik sees it; then its folder was flushed. */
  | { readonly marked: number }
  | { readonly flushed: number }
  /** The memory in use after a garbage collection: heap and external buffers, in MB. */
  | { readonly heldMegabytes: number };

const options = JSON.parse(process.argv[2] ?? "{}") as ControlPlaneOptions;
prepareForNextAuth();
const settings = readEnvironment(process.env);
const log = makeLog(settings.logLevel);
const surroundings = realSurroundings();
const send = (report: ControlPlaneReport): void => void process.send?.(report);

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
  localGateway: () => null,
  signIn: signInSettings(settings, `http://${settings.host}:${http.port}`, { host: settings.host, port: http.port }),
  log,
  isStrict: false,
  mailer: null,
  listensOn: [{ host: settings.host, port: http.port }],
  wake: (gatewayIds) => {
    sync?.wake(gatewayIds);
    if (options.observed) send({ committed: monotonic() });
  },
  prioritize,
  prove: (gatewayId, applicationId) => sync?.prove(gatewayId, applicationId),
  waits: createWaitHub({ database, log, prioritize }),
  events: createEventHub({ ...surroundings, database, log, random: randomBytes }),
};
if (options.sync) {
  sync = startSync(runtime, {
    folderOf: ({ name }) => ({ folder: join(settings.dataFolder, "gateways", name) }),
    ...(options.compareMs === undefined ? {} : { timing: { compareMs: options.compareMs } }),
    faultPoint: (point) => {
      if (!options.observed) return;
      if (point === "marked") send({ marked: monotonic() });
      if (point === "flushed") send({ flushed: monotonic() });
    },
  });
}
const handler = createHandler(runtime);
http.serve({
  handler: options.openReads ? withOpenReads(runtime, handler) : handler,
  pages: (_request, response) => void response.writeHead(404).end(),
});
await sync?.ready;
if (options.collectMs !== undefined) {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  setInterval(() => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    send({ heldMegabytes: (heapUsed + external) / 2 ** 20 });
  }, options.collectMs);
}
process.once("SIGTERM", async () => {
  await http.close(1_000);
  await sync?.stop();
  await database.close();
  process.exit(0);
});
process.once("disconnect", () => process.exit(0));
send({ ready: `http://${settings.host}:${http.port}` });
