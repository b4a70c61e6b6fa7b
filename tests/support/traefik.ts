import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { compileStatic } from "../../src/traefik/compiler/compile-static";
import { askGateway, askUntil, type GatewayAnswer, type GatewayRequest, hostAndPort } from "./ask-gateway";
import { freePort } from "./free-port";
import { patienceMs } from "./patience";

const BINARY = process.env.TRAEFIK_BIN ?? "traefik";
let found: boolean | undefined;

/** Whether there is a Traefik to ask; says so once where there is none. */
export function hasTraefik(): boolean {
  if (found === undefined) {
    found = spawnSync(BINARY, ["version"], { stdio: "ignore" }).status === 0;
    if (!found)
      process.stderr.write("No traefik on PATH and no TRAEFIK_BIN: tests against a real gateway are skipped.\n");
  }
  return found;
}

export interface TraefikOptions {
  /** The folder that Traefik watches; made when it is missing. Without it, one of the gateway's own. */
  readonly folder?: string;
  /** A static configuration that exists already, with its two addresses (`host:port`). */
  readonly config?: { readonly file: string; readonly address: string; readonly probeAddress: string };
  /** The text of the static configuration, where the generated one is not what is tested. */
  readonly staticText?: (settings: { address: string; probeAddress: string; dynamicFolder: string }) => string;
  /** Environment of the process, beside PATH. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface RunningTraefik {
  readonly pid: number;
  readonly folder: string;
  readonly configFile: string;
  /** `127.0.0.1:port` of the visitors' entry point. */
  readonly address: string;
  readonly probeAddress: string;
  request(request: GatewayRequest): Promise<GatewayAnswer>;
  /** Asks again until the answer is as wanted, and returns it. @throws Error after `timeoutMs` (default `patienceMs`) */
  until(
    request: GatewayRequest,
    wanted: (answer: GatewayAnswer) => boolean,
    timeoutMs?: number,
  ): Promise<GatewayAnswer>;
  /** Everything that it wrote so far. */
  log(): string;
  signal(signal: NodeJS.Signals): void;
  /** Ends it and waits until it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/**
 * Starts a real Traefik on free ports of 127.0.0.1 and waits until both entry points listen.
 * @throws Error with its log when it does not come up
 */
export async function startTraefik(options: TraefikOptions = {}): Promise<RunningTraefik> {
  const tries = options.config === undefined ? 3 : 1;
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(options);
    } catch (error) {
      // Somebody else may take a port between its choice and its use.
      if (attempt === tries || !(error instanceof Error) || !error.message.includes("address already in use"))
        throw error;
    }
  }
}

async function startOnce(options: TraefikOptions): Promise<RunningTraefik> {
  const own = mkdtempSync(join(tmpdir(), "portcullis-traefik-"));
  const folder = options.folder ?? join(own, "dynamic");
  mkdirSync(folder, { recursive: true });
  const address = options.config?.address ?? `127.0.0.1:${await freePort()}`;
  const probeAddress = options.config?.probeAddress ?? `127.0.0.1:${await freePort()}`;
  const configFile = options.config?.file ?? join(own, "traefik.yml");
  if (options.config === undefined) {
    const text = (options.staticText ?? compileStatic)({ address, probeAddress, dynamicFolder: folder });
    writeFileSync(configFile, text);
  }

  const child = spawn(BINARY, [`--configFile=${configFile}`], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { NODE_ENV: "test", PATH: process.env.PATH ?? "", HOME: own, ...options.env },
  });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      log += text;
    });
  }
  const endWithUs = () => child.kill("SIGKILL");
  process.once("exit", endWithUs);
  const stop = async (signal: NodeJS.Signals = "SIGTERM") => {
    process.off("exit", endWithUs);
    await end(child, signal);
    rmSync(own, { recursive: true, force: true });
  };

  try {
    await listening([address, probeAddress], child, () => log);
  } catch (error) {
    await stop("SIGKILL");
    throw error;
  }
  const ask = (request: GatewayRequest) =>
    askGateway(request.entryPoint === "portcullis" ? probeAddress : address, request);
  return {
    pid: child.pid ?? -1,
    folder,
    configFile,
    address,
    probeAddress,
    request: ask,
    until: (request, wanted, timeoutMs = patienceMs) =>
      askUntil(
        () => ask(request),
        wanted,
        timeoutMs,
        () => log,
      ),
    log: () => log,
    signal: (signal) => {
      child.kill(signal);
    },
    stop,
  };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill(signal);
  const late = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await gone;
  clearTimeout(late);
}

async function listening(addresses: readonly string[], child: ChildProcess, log: () => string): Promise<void> {
  const deadline = Date.now() + patienceMs;
  for (const address of addresses) {
    while (!(await accepts(address))) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`traefik ended at its start:\n${log()}`);
      if (Date.now() > deadline) throw new Error(`traefik does not listen on ${address}:\n${log()}`);
      await delay(20);
    }
  }
  // A port that somebody else took accepts as well; Traefik ends in that case.
  if (child.exitCode !== null) throw new Error(`traefik ended at its start:\n${log()}`);
}

function accepts(address: string): Promise<boolean> {
  const [host, port] = hostAndPort(address);
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
