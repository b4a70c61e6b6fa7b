import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import { createHandler } from "../api/handler";
import { registerHandler } from "../contracts/handler-registration";
import { localGateway } from "../core/local-gateway";
import { prepareForNextAuth, type Settings } from "../env";
import { type ControlSocket, takeControlSocket } from "../persistence/control-socket";
import { makeDataFolder } from "../persistence/control-socket-path";
import type { Database } from "../persistence/database";
import type { Runtime } from "../persistence/runtime";
import type { ReconcilerTiming } from "../sync/reconciler";
import { type RunningSync, startSync } from "../sync/start-sync";
import type { AtFaultPoint } from "../sync/target";
import { buildConsole } from "./build-console";
import { type ConsoleMode, openConsole } from "./console";
import { controlRequests } from "./control-requests";
import { localFolder } from "./gateway-settings";
import { type HttpServer, listen } from "./http-server";
import { startIdentitySweeper } from "./identity-sweeper";
import { makeLog } from "./log";
import { makeMailer } from "./mail";
import { openInstallation } from "./open-installation";
import { publicUrl } from "./public-url";
import { signInSettings } from "./sign-in-settings";
import { realSurroundings, type Surroundings } from "./surroundings";

/** What a test replaces. */
export interface Overrides extends Partial<Surroundings> {
  readonly log?: Logger;
  /** Called at the named moments of every delivery. */
  readonly faultPoint?: AtFaultPoint;
  readonly timing?: Partial<ReconcilerTiming>;
  /** `none` serves the API alone. */
  readonly console?: ConsoleMode;
  /** Told what takes long. */
  readonly say?: (line: string) => void;
}

export interface RunningServer {
  readonly port: number;
  /** Without a slash at its end. */
  readonly url: string;
  readonly runtime: Runtime;
  /** Takes no more requests, finishes what runs, gives everything back. Within 10 s. */
  stop(): Promise<void>;
}

/** How long requests may go on after a stop, in milliseconds; the rest of the 10 s is the sync's and the database's. */
const graceMs = 4_000;

/** How long a start waits for the first delivery, so that the folders that Traefik watches are there, in milliseconds. */
const readyWithinMs = 10_000;

/**
 * Starts a control plane in this process: takes the data folder (embedded database) and the port, builds the console,
 * opens the installation, then serves.
 * @throws StartFailure | WrongSetting | DataFolderInUse | DataFolderUnusable | AnotherSecret: nothing is left behind
 */
export async function startServer(settings: Settings, overrides: Overrides = {}): Promise<RunningServer> {
  prepareForNextAuth();
  const log = overrides.log ?? makeLog(settings.logLevel);
  const open: Open = {};
  try {
    return await start(settings, overrides, log, open);
  } catch (error) {
    await closeAll(open);
    throw error;
  }
}

/** What has to be closed, in whatever state the start was left. */
interface Open {
  control?: ControlSocket;
  http?: HttpServer;
  console?: { close(): Promise<void> };
  sync?: RunningSync;
  sweeper?: { stop(): Promise<void> };
  database?: Database;
}

async function start(settings: Settings, overrides: Overrides, log: Logger, open: Open): Promise<RunningServer> {
  const { console: consoleMode = "none", say = () => undefined } = overrides;
  const { clock, random, resolver, ownAddresses } = { ...realSurroundings(), ...overrides };
  const folder = await localFolder(settings);
  if (settings.databaseUrl === null) open.control = await takeControlSocket(settings.dataFolder);
  else await makeDataFolder(settings.dataFolder);

  const { host } = settings;
  const http = await listen({
    host,
    port: settings.port,
    log,
    secure: settings.publicUrl?.startsWith("https://") ?? false,
  });
  open.http = http;
  const url = publicUrl(settings, http.port);
  if (consoleMode === "production") await buildConsole(say);

  const { database, sealer, fingerprint, signer, installationId } = await openInstallation(settings, {
    clock,
    random,
    log,
  });
  open.database = database;
  const runtime: Runtime = {
    database,
    sealer,
    signer,
    installationId,
    signIn: signInSettings(settings, url, { host, port: http.port }),
    clock,
    random,
    resolver,
    log,
    mailer: makeMailer(settings, new URL(url).hostname),
    ownAddresses,
    listensOn: [{ host, port: http.port }],
    wake: (gatewayIds) => open.sync?.wake(gatewayIds),
    prioritize: (applicationId) => open.sync?.prioritize(applicationId),
  };
  const sync = startSync(runtime, {
    ...syncOverrides(overrides),
    auditRetentionDays: settings.auditRetentionDays,
    folderOf: ({ name }) => (name === localGateway ? folder : null),
  });
  open.sync = sync;
  open.sweeper = startIdentitySweeper(runtime);
  const api = createHandler(runtime, { sync: () => syncProblem(sync) });
  registerHandler(api);
  const pages = await openConsole(consoleMode, { host, port: http.port });
  open.console = pages;
  const { publicOrigin } = runtime.signIn;
  open.control?.serve(
    controlRequests(
      {
        ...runtime,
        publicOrigin,
        gatewayFolder: folder.folder,
        signer: async () => signer,
        keys: async () => ({ sealer, fingerprint }),
      },
      log,
    ),
  );
  http.serve({ api, ...pages });
  await Promise.race([sync.ready, delay(readyWithinMs, undefined, { ref: false })]);
  let stopping: Promise<void> | null = null;
  const stop = () => {
    stopping ??= closeAll(open);
    return stopping;
  };
  return { port: http.port, url, runtime, stop };
}

/**
 * Ready is who has looked after every gateway once. That another process delivers, or that a gateway's folder is on
 * another disk, keeps nobody from answering requests: `sync.status` and the log say so.
 */
async function syncProblem(sync: RunningSync): Promise<string | null> {
  return [...sync.status().values()].every(({ leads }) => leads !== null) ? null : "starting";
}

/** Undefined is not the same as left out. */
function syncOverrides({ faultPoint, timing }: Overrides) {
  return { ...(faultPoint ? { faultPoint } : {}), ...(timing ? { timing } : {}) };
}

/** From the outside to the inside: requests, then deliveries, then what they stand on; the data folder's lock last. */
async function closeAll(open: Open): Promise<void> {
  await open.http?.close(graceMs);
  await open.console?.close();
  await open.sync?.stop();
  await open.sweeper?.stop();
  await open.database?.close();
  await open.control?.close();
}
