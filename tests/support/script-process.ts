import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { bundled } from "./bundled";

/** A TypeScript file of the tests that runs as a separate process and communicates in lines. */
export interface ScriptProcess {
  readonly pid: number;
  /** Resolves with the next unread line of standard output, or null at its end. */
  nextLine(): Promise<string | null>;
  /** Everything on standard error so far. */
  errors(): string;
  say(line: string): void;
  kill(signal: NodeJS.Signals): void;
  /** The exit code, or the signal's name. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/**
 * @param path absolute path of the script
 * @param options the user to run as, among others
 */
export function startScript(
  path: string,
  ...[first, ...rest]: [first?: string | { user: { uid: number; gid: number } }, ...rest: string[]]
): ScriptProcess {
  const parameters = typeof first === "string" ? [first, ...rest] : rest;
  const user = typeof first === "object" ? { ...first.user, cwd: "/" } : {};
  const child = spawn(process.execPath, [bundled(path), ...parameters], { stdio: "pipe", ...user });
  running.add(child);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
  });
  child.stdin.on("error", () => undefined); // the process may have ended
  const ended = once(child, "close").then(([code, signal]): number | NodeJS.Signals => {
    running.delete(child);
    return code ?? signal;
  });
  return {
    pid: child.pid ?? 0,
    ended,
    errors: () => errors,
    say: (line) => child.stdin.write(`${line}\n`),
    kill: (signal) => child.kill(signal),
    async nextLine() {
      const next = await lines.next();
      return next.done ? null : next.value;
    },
  };
}
