import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import type { Runtime } from "../access/runtime";
import type { Database } from "../database/database";
import { countAlarms } from "../delivery/alarms";
import { createEventHub } from "../delivery/events/event-hub";
import { isOfClaim, textOf } from "../delivery/leader/cause-of";
import type { ReconcilerTiming } from "../delivery/leader/controller-settings";
import { isLed } from "../delivery/leader/lease";
import { type RunningSync, startSync } from "../delivery/leader/start-sync";
import type { FaultPointHook } from "../delivery/protocol/target";
import { createWaitHub, type WaitBounds } from "../delivery/wait-hub";
import { reportReservedClaims } from "../features/claims/report-reserved";
import { ActiveRequests } from "../http/active-requests";
import { describeError } from "../http/describe-error";
import { createHandler, type Handler } from "../http/handler";
import { type HttpServer, listen } from "../http/server/http-server";
import type { Events } from "../platform/events";
import { localGateway } from "../platform/local-gateway";
import { buildConsole } from "./build-console";
import { type ConsoleMode, openConsole } from "./console";
import { controlRequests } from "./control-requests";
import { localFolder } from "./gateway-settings";
import { startIdentitySweeper } from "./identity-sweeper";
import { type ControlSocket, takeControlSocket } from "./ipc/control-socket";
import { makeDataFolder } from "./ipc/control-socket-path";
import { makeLog } from "./log";
import { openInstallation } from "./open-installation";
import { publicUrl } from "./public-url";
import { requestBounds, serverBounds } from "./request-bounds";
import { prepareForNextAuth, type Settings } from "./settings/environment";
import { signInSettings } from "./sign-in-settings";
import { makeMailer } from "./smtp-mailer";
import { realSurroundings, type Surroundings } from "./system";
import { traefikCommand } from "./traefik-command";

/** The parts that tests replace. */
export interface Overrides extends Partial<Surroundings> {
  readonly log?: Logger;
  /** Called at the fault points of every delivery. */
  readonly faultPoint?: FaultPointHook;
  readonly timing?: Partial<ReconcilerTiming>;
  /** `none` serves only the API. */
  readonly console?: ConsoleMode;
  /** Receives a line before each slow step. */
  readonly say?: (line: string) => void;
}

export interface RunningServer {
  readonly port: number;
  /** The public address without a trailing slash. */
  readonly url: string;
  readonly runtime: Runtime;
  /**
   * Returns why this process cannot deliver to the gateway of this machine, as a sentence with paths; null if it can.
   */
  gatewayProblem(): string | null;
  /** Calls `listener` when the problem of the gateway changes. */
  onGatewayChange(listener: () => void): void;
  /** Stops accepting requests, finishes the work in progress, and releases all resources. Takes 10 s at most. */
  stop(): Promise<void>;
}

/** How long requests may continue after a stop, in milliseconds. Delivery and the database get the rest of the 10 s. */
const graceMs = 4_000;

/** How long a start waits for the first delivery, which creates the folders that Traefik watches, in milliseconds. */
const readyWithinMs = 10_000;

/**
 * Starts a control plane in this process: takes the data folder (embedded database) and the port, builds the console,
 * opens the installation, then serves.
 * @throws StartFailure | WrongSetting | DataFolderInUse | DataFolderUnusable | AnotherSecret. After an error, all
 *   resources are released
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

/** The resources to close, whatever state the start reached. */
interface Open {
  control?: ControlSocket;
  http?: HttpServer;
  events?: Events;
  console?: { close(): Promise<void> };
  sync?: RunningSync;
  sweeper?: { stop(): Promise<void> };
  database?: Database;
}

async function start(settings: Settings, overrides: Overrides, log: Logger, open: Open): Promise<RunningServer> {
  const { console: consoleMode = "none", say = () => undefined } = overrides;
  const { clock, random, resolver, hostWatch, upstreamWatch, ownAddresses, ownNames } = {
    ...realSurroundings(),
    ...overrides,
  };
  const folder = await localFolder(settings);
  if (settings.databaseUrl === null) open.control = await takeControlSocket(settings.dataFolder);
  else await makeDataFolder(settings.dataFolder);

  const { host } = settings;
  const http = await listen({
    host,
    port: settings.port,
    log,
    secure: settings.publicUrl?.startsWith("https://") ? { includeSubdomains: settings.hstsIncludeSubdomains } : null,
    trustedProxies: settings.trustedProxies,
    bounds: serverBounds(settings),
  });
  open.http = http;
  const url = publicUrl(settings, http.port);
  const openIt = async () => {
    const installation = await openInstallation(settings, { clock, random, log });
    open.database = installation.database;
    return installation;
  };
  // A server that cannot be used is known before minutes are spent on the console. The embedded database needs much of
  // the memory itself, so it comes afterwards.
  const onServer = settings.databaseUrl === null ? null : await openIt();
  if (consoleMode === "production") await buildConsole(say);

  const { database, sealer, fingerprint, signer, installationId } = onServer ?? (await openIt());
  const prioritize = (applicationId: string) => open.sync?.prioritize(applicationId);
  open.events = createEventHub({ database, log, clock, random });
  const runtime: Runtime = {
    database,
    sealer,
    signer,
    installationId,
    signIn: signInSettings(settings, url, { host, port: http.port }),
    clock,
    random,
    resolver,
    hostWatch,
    upstreamWatch,
    localGateway: () => (hasFolder(open.sync) ? { folder: folder.folder, command: traefikCommand(folder) } : null),
    log,
    isStrict: false,
    mailer: makeMailer(settings, new URL(url).hostname),
    ownAddresses,
    ownNames,
    listensOn: [{ host, port: http.port }],
    wake: (gatewayIds) => {
      open.sync?.wake(gatewayIds);
      open.events?.wake();
    },
    prove: (gatewayId, applicationId) => open.sync?.prove(gatewayId, applicationId),
    prioritize,
    waits: createWaitHub({ database, log, prioritize, bounds: waitBounds(settings) }),
    events: open.events,
  };
  const listeners = new Set<() => void>();
  const sync = startSync(runtime, {
    onStatus: () => {
      for (const listener of listeners) listener();
    },
    ...syncOverrides(overrides),
    auditRetentionDays: settings.auditRetentionDays,
    folderOf: ({ name }) => (name === localGateway ? folder : null),
  });
  open.sync = sync;
  open.sweeper = startIdentitySweeper(runtime);
  const requests = new ActiveRequests(requestBounds(settings));
  const handler = createHandler(runtime, { sync: () => syncProblem(sync, database) }, requests, {
    exposed: () => countAlarms(database),
  });
  const pages = openConsole(consoleMode, { host, port: http.port });
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
  http.serve({ handler: consoleMode === "development" ? saidToBeDevelopment(handler) : handler, ...pages });
  const reported = reportReservedClaims(runtime).catch((error: unknown) => {
    log.warn({ error: describeError(error) }, "the check for claims of reserved hosts failed");
  });
  await Promise.all([reported, Promise.race([sync.ready, delay(readyWithinMs, undefined, { ref: false })])]);
  let stopping: Promise<void> | null = null;
  const stop = () => {
    stopping ??= closeAll(open);
    return stopping;
  };
  return {
    port: http.port,
    url,
    runtime,
    gatewayProblem: () => sync.status().find(({ why }) => why !== null)?.why?.detail ?? null,
    onGatewayChange: (listener) => listeners.add(listener),
    stop,
  };
}

/** What fills an installation with demo data looks for this header, and refuses every other installation. */
function saidToBeDevelopment(handler: Handler): Handler {
  return async (request, peer, exchange) => {
    const response = await handler(request, peer, exchange);
    response.headers.set("x-portcullis-mode", "development");
    return response;
  };
}

/**
 * Returns why delivery is not ready: this process is configured for a gateway, cannot lead or write to it, and no other
 * process leads it. The process stays ready if another process delivers, and if one tenant causes the problem. The text
 * names the gateway and the cause without paths, because `/readyz` is public.
 */
async function syncProblem(sync: RunningSync, database: Database): Promise<string | null> {
  for (const { gatewayId, name, leads, why } of sync.status()) {
    if (leads === null) return "starting";
    if (why === null) continue;
    // On the embedded database no other process can lead: a valid lease belongs to this process or to one that ended.
    const isLedElsewhere = !leads && database.kind !== "embedded" && (await isLed(database, gatewayId));
    if (!isLedElsewhere) return `gateway ${name}: ${textOf(why.cause)}`;
  }
  return null;
}

/** The folder of the gateway `local` is on this machine: its claim did not fail. */
function hasFolder(sync: RunningSync | undefined): boolean {
  const local = sync?.status().find(({ name }) => name === localGateway);
  return local !== undefined && !(local.why !== null && isOfClaim(local.why.cause));
}

function waitBounds({ waitsPerCaller, waitsPerOrganization, waits }: Settings): WaitBounds {
  return { perCaller: waitsPerCaller, perOrganization: waitsPerOrganization, total: waits };
}

/** Omits undefined values, because an undefined override would replace the default. */
function syncOverrides({ faultPoint, timing }: Overrides) {
  return { ...(faultPoint ? { faultPoint } : {}), ...(timing ? { timing } : {}) };
}

/** Ends streams and closes requests first, then deliveries, then the resources that both use; the lock of the data folder comes last. */
async function closeAll(open: Open): Promise<void> {
  const requestsEnd = open.http?.close(graceMs);
  open.events?.close(); // no connection is accepted any more, so a caller resumes its stream at another process
  await requestsEnd;
  await open.console?.close();
  await open.sync?.stop();
  await open.sweeper?.stop();
  await open.database?.close();
  await open.control?.close();
}
