import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { compileStatic } from "#src/traefik/compiler/compile-static";
import { askGateway, askUntil, type GatewayRequest, type GatewayResponse, hostAndPort } from "./ask-gateway";
import { freePort } from "./free-port";
import { patienceMs } from "./patience";

const BINARY = process.env.TRAEFIK_BIN ?? "traefik";
let found: boolean | undefined;

/** Checks whether Traefik is installed. Writes one line if it is not. */
export function hasTraefik(): boolean {
  if (found === undefined) {
    found = spawnSync(BINARY, ["version"], { stdio: "ignore" }).status === 0;
    if (!found)
      process.stderr.write("No traefik on PATH and no TRAEFIK_BIN: tests against a real gateway are skipped.\n");
  }
  return found;
}

export interface TraefikOptions {
  /** The folder that Traefik watches; created if it is missing. The default is a temporary folder. */
  readonly folder?: string;
  /** A static configuration that exists already, with its two addresses (`host:port`). */
  readonly config?: { readonly file: string; readonly address: string; readonly probeAddress: string };
  /** The text of the static configuration, for tests that do not use the generated one. */
  readonly staticText?: (settings: { address: string; probeAddress: string; dynamicFolder: string }) => string;
  /** The environment of the process, in addition to PATH. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface RunningTraefik {
  readonly pid: number;
  readonly folder: string;
  readonly configFile: string;
  /** `127.0.0.1:port` of the visitors' entry point. */
  readonly address: string;
  readonly probeAddress: string;
  request(request: GatewayRequest): Promise<GatewayResponse>;
  /** Repeats the request until `wanted` accepts the answer. @throws Error after `timeoutMs` (default `patienceMs`) */
  until(
    request: GatewayRequest,
    wanted: (answer: GatewayResponse) => boolean,
    timeoutMs?: number,
  ): Promise<GatewayResponse>;
  /** Everything that the process has written so far. */
  log(): string;
  signal(signal: NodeJS.Signals): void;
  /** Ends the process and waits until it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/**
 * Starts a real Traefik on free ports of 127.0.0.1 and waits until both entry points listen.
 * @throws Error with its log if it does not start
 */
export async function startTraefik(options: TraefikOptions = {}): Promise<RunningTraefik> {
  const attempts = options.config === undefined ? 3 : 1;
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(options);
    } catch (error) {
      // Another process may take a port between its choice and its use.
      if (attempt === attempts || !(error instanceof Error) || !error.message.includes("address already in use"))
        throw error;
    }
  }
}

async function startOnce(options: TraefikOptions): Promise<RunningTraefik> {
  const temporary = mkdtempSync(join(tmpdir(), "portcullis-traefik-"));
  const folder = options.folder ?? join(temporary, "dynamic");
  mkdirSync(folder, { recursive: true });
  const address = options.config?.address ?? `127.0.0.1:${await freePort()}`;
  const probeAddress = options.config?.probeAddress ?? `127.0.0.1:${await freePort()}`;
  const configFile = options.config?.file ?? join(temporary, "traefik.yml");
  if (options.config === undefined) {
    const text = (options.staticText ?? compileStatic)({ address, probeAddress, dynamicFolder: folder });
    writeFileSync(configFile, text);
  }

  const child = spawn(BINARY, [`--configFile=${configFile}`], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { NODE_ENV: "test", PATH: process.env.PATH ?? "", HOME: temporary, ...options.env },
  });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      log += text;
    });
  }
  const killAtExit = () => child.kill("SIGKILL");
  process.once("exit", killAtExit);
  const stop = async (signal: NodeJS.Signals = "SIGTERM") => {
    process.off("exit", killAtExit);
    await end(child, signal);
    rmSync(temporary, { recursive: true, force: true });
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
        throw new Error(`Traefik exited during its start:\n${log()}`);
      if (Date.now() > deadline) throw new Error(`Traefik does not listen on ${address}:\n${log()}`);
      await delay(20);
    }
  }
  // If another process took a port, that process accepts the connection. Traefik has ended in that case.
  if (child.exitCode !== null) throw new Error(`Traefik exited during its start:\n${log()}`);
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
