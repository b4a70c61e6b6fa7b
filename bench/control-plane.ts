import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Place } from "./place";
import type { ControlPlaneOrder, ControlPlaneReport } from "./processes/control-plane-process";

/** A control plane in a process of its own: the product's server, handler, database and sync, without the console. */
export interface BenchControlPlane {
  readonly pid: number;
  readonly url: string;
  /** Moments of the machine's monotonic clock, in ms, as they come. */
  readonly committed: number[];
  readonly marked: number[];
  readonly flushed: number[];
  /** What was held after each garbage collection, in MB, where the order asks for it. */
  readonly heldMegabytes: number[];
  /** What it logged so far; it logs as it does in production. */
  log(): string;
  /** One request; the answer's data. @throws Error for any other status than 200 */
  call<T>(key: string, procedure: string, input: unknown): Promise<T>;
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Starts one of the bench's own programs with a channel for messages; BENCH_PROFILE names a folder for CPU profiles. */
export function startProcess(name: string, order: unknown, place: Place, logFile: string): ChildProcess {
  const log = openSync(logFile, "a");
  const profile = process.env.BENCH_PROFILE ? ["--cpu-prof", `--cpu-prof-dir=${process.env.BENCH_PROFILE}`] : [];
  const program = join(import.meta.dirname, `${name}.mjs`);
  const child = spawn(process.execPath, [...profile, program, JSON.stringify(order)], {
    stdio: ["ignore", log, log, "ipc"],
    env: { PATH: process.env.PATH ?? "", NODE_ENV: "production", ...place.environment },
  });
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  await gone;
}

export async function startControlPlane(place: Place, order: ControlPlaneOrder): Promise<BenchControlPlane> {
  const logFile = join(place.dataFolder, "control-plane.log");
  const child = startProcess("control-plane-process", order, place, logFile);
  const seen = {
    committed: [] as number[],
    marked: [] as number[],
    flushed: [] as number[],
    heldMegabytes: [] as number[],
  };
  const url = await new Promise<string>((resolve, reject) => {
    child.on("message", (report: ControlPlaneReport) => {
      if ("ready" in report) resolve(report.ready);
      else if ("committed" in report) seen.committed.push(report.committed);
      else if ("marked" in report) seen.marked.push(report.marked);
      else if ("flushed" in report) seen.flushed.push(report.flushed);
      else seen.heldMegabytes.push(report.heldMegabytes);
    });
    child.once("exit", () => reject(new Error(`the control plane did not start:\n${readFileSync(logFile, "utf8")}`)));
  });
  return {
    ...seen,
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
