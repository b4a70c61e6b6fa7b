import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FaultPoint } from "#src/delivery/protocol/target";
import { sendHostCommand } from "#src/main/host-commands";
import { bundled } from "./bundled";
import { type Call, type CallResponse, callsOver } from "./call-response";
import type { EntryOptions, Order, Report } from "./control-plane-entry";
import { layEmbeddedDatabase } from "./embedded-template";
import { freePort } from "./free-port";

/** The settings of a control plane and of the gateway that it keeps. */
export interface Installation {
  readonly dataFolder: string;
  readonly gatewayFolder: string;
  readonly address: string;
  readonly probeAddress: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly options: EntryOptions;
}

export interface ControlPlane {
  readonly pid: number;
  readonly url: string;
  /** Everything that it has written so far. */
  log(): string;
  callAs(key: string): Call;
  /** Holds a delivery at the `nth` passing of a fault point from now on. Resolves once a delivery is held. */
  hold(point: FaultPoint, nth?: number): Promise<void>;
  /** Lets the held delivery continue. */
  goOn(): void;
  signal(signal: NodeJS.Signals): void;
  /** Ends it and waits until it is gone. @returns its exit code, or the signal's name */
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals>;
}

/** The process ends before optimized code for the embedded database, compiled in two more threads, would pay off. */
const shortLived = ["--liftoff-only"];

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/**
 * Creates new folders and chooses free ports. `environment` can make two installations share a database or a folder.
 */
export async function newInstallation(
  environment: Readonly<Record<string, string>> = {},
  options: EntryOptions = {},
): Promise<Installation> {
  const dataFolder = mkdtempSync(join(tmpdir(), "portcullis-data-"));
  if (environment.DATABASE_URL === undefined) await layEmbeddedDatabase(dataFolder);
  const address = environment.PORTCULLIS_GATEWAY_ADDRESS ?? `127.0.0.1:${await freePort()}`;
  const probeAddress = environment.PORTCULLIS_GATEWAY_PROBE_ADDRESS ?? `127.0.0.1:${await freePort()}`;
  return {
    dataFolder,
    gatewayFolder: environment.PORTCULLIS_GATEWAY_DIR ?? join(dataFolder, "gateways", "local"),
    address,
    probeAddress,
    environment: {
      PORT: "0",
      PORTCULLIS_DATA: dataFolder,
      PORTCULLIS_GATEWAY_ADDRESS: address,
      PORTCULLIS_GATEWAY_PROBE_ADDRESS: probeAddress,
      PORTCULLIS_LOG_LEVEL: "debug",
      ...environment,
    },
    options,
  };
}

export function removeInstallation({ dataFolder }: Installation): void {
  rmSync(dataFolder, { recursive: true, force: true });
}

/**
 * Starts the real control plane as a separate process, and waits until it serves.
 * @throws Error with the reason and its log if it does not start
 */
export async function startControlPlane(installation: Installation): Promise<ControlPlane> {
  const entry = bundled(join(import.meta.dirname, "control-plane-entry.ts"));
  const child = spawn(process.execPath, [...shortLived, entry, JSON.stringify(installation.options)], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: { PATH: process.env.PATH ?? "", NODE_ENV: "production", ...installation.environment },
  });
  running.add(child);
  const ended = once(child, "close").then(([code, signal]): number | NodeJS.Signals => {
    running.delete(child);
    return code ?? signal;
  });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      log += text;
    });
  }
  let onHeld: () => void = () => undefined;
  const url = await new Promise<string>((resolve, reject) => {
    child.on("message", (report: Report) => {
      if ("ready" in report) resolve(report.ready.url);
      else if ("failed" in report) reject(new Error(`the control plane did not start: ${report.failed}\n${log}`));
      else onHeld();
    });
    void ended.then((code) => reject(new Error(`the control plane exited during its start (${code}):\n${log}`)));
  });
  const order = (given: Order) => {
    if (child.connected) child.send(given);
  };
  return {
    pid: child.pid ?? 0,
    url,
    log: () => log,
    callAs: (key) => callOver(url, key),
    hold: (point, nth = 1) => {
      const reached = new Promise<void>((resolve) => {
        onHeld = resolve;
      });
      order({ hold: point, nth });
      return reached;
    },
    goOn: () => order({ goOn: true }),
    signal: (signal) => void child.kill(signal),
    async stop(signal = "SIGTERM") {
      child.kill(signal);
      if (signal === "SIGKILL") child.kill("SIGCONT");
      return ended;
    },
  };
}

/** Runs a host command against an installation. @throws Error with the command's message */
export async function onHost<Result>(installation: Installation, verb: string, input: unknown): Promise<Result> {
  const answer = await sendHostCommand(installation.environment, verb, input);
  if (!answer.ok) throw new Error(`${verb}: ${answer.message}`);
  return answer.result as Result;
}

/** Every error body that any of the calls received, for tests that search for leaks. */
export const errorBodies: string[] = [];

/** Calls procedures over HTTP with an API key. */
export function callOver(url: string, key: string): Call {
  const call = callsOver(url, key);
  return async <T>(procedure: string, input?: unknown): Promise<CallResponse<T>> => {
    const response = await call<T>(procedure, input);
    if (response.status >= 400) errorBodies.push(response.text);
    return response;
  };
}
