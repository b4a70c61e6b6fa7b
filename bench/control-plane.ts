import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Installation } from "./installation";
import type { ControlPlaneOptions, ControlPlaneReport } from "./processes/control-plane-process";

/** A control plane in its own process: the product's server, handler, database and sync, without the console. */
export interface BenchControlPlane {
  readonly pid: number;
  readonly url: string;
  /** Times on the machine's monotonic clock in ms, in the order of arrival. */
  readonly committed: number[];
  readonly marked: number[];
  readonly flushed: number[];
  /** The memory in use after each garbage collection, in MB, if the options request collections. */
  readonly heldMegabytes: number[];
  /** The log so far, at the level of production. */
  log(): string;
  /** Sends one request and returns the data of its response. @throws Error for any status other than 200 */
  call<T>(key: string, procedure: string, input: unknown): Promise<T>;
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Starts one of the bench's programs with a message channel. BENCH_PROFILE names a folder for CPU profiles. */
export function startProcess(
  name: string,
  options: unknown,
  installation: Installation,
  logFile: string,
): ChildProcess {
  const log = openSync(logFile, "a");
  const profile = process.env.BENCH_PROFILE ? ["--cpu-prof", `--cpu-prof-dir=${process.env.BENCH_PROFILE}`] : [];
  const program = join(import.meta.dirname, `${name}.mjs`);
  const child = spawn(process.execPath, [...profile, program, JSON.stringify(options)], {
    stdio: ["ignore", log, log, "ipc"],
    env: { PATH: process.env.PATH ?? "", NODE_ENV: "production", ...installation.environment },
  });
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  await exited;
}

export async function startControlPlane(
  installation: Installation,
  options: ControlPlaneOptions,
): Promise<BenchControlPlane> {
  const logFile = join(installation.dataFolder, "control-plane.log");
  const child = startProcess("control-plane-process", options, installation, logFile);
  const reported = {
    committed: [] as number[],
    marked: [] as number[],
    flushed: [] as number[],
    heldMegabytes: [] as number[],
  };
  const url = await new Promise<string>((resolve, reject) => {
    child.on("message", (report: ControlPlaneReport) => {
      if ("ready" in report) resolve(report.ready);
      else if ("committed" in report) reported.committed.push(report.committed);
      else if ("marked" in report) reported.marked.push(report.marked);
      else if ("flushed" in report) reported.flushed.push(report.flushed);
      else reported.heldMegabytes.push(report.heldMegabytes);
    });
    child.once("exit", () => reject(new Error(`The control plane did not start:\n${readFileSync(logFile, "utf8")}`)));
  });
  return {
    ...reported,
    pid: child.pid ?? 0,
    url,
    log: () => readFileSync(logFile, "utf8"),
    async call<T>(key: string, procedure: string, input: unknown) {
      const response = await fetch(`${url}/api/trpc/${procedure}`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-api-key": key },
        body: JSON.stringify(input),
      });
      const text = await response.text();
      if (response.status !== 200) throw new Error(`${procedure}: ${response.status} ${text}`);
      return (JSON.parse(text) as { result: { data: T } }).result.data;
    },
    stop: () => endProcess(child),
  };
}
