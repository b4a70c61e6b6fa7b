import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const command = join(import.meta.dirname, "../../bin/portcullis.mjs");

/** The product as `npm start` runs it: built, with its pages, on an embedded database in a new folder. */
export interface StartedProduct {
  readonly url: string;
  readonly port: number;
  /** The exit code, or the signal's name; null while it runs. */
  ended(): number | string | null;
  /** Everything that it has logged so far. */
  logged(): string;
  /** Runs one of its commands. @returns standard output */
  run(...words: string[]): Promise<string>;
  /** Closes the reading ends of its standard output and standard error. */
  closeOutput(): void;
  /** Bytes of memory that the process holds (resident set). */
  residentBytes(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts the product, and waits until it serves. It builds the console if there is no build yet. */
export async function startProduct(more: Readonly<Record<string, string>> = {}): Promise<StartedProduct> {
  const folder = mkdtempSync(join(tmpdir(), "pcl-"));
  const env = {
    NODE_ENV: "test" as const, // the command sets it itself
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    PORTCULLIS_DATA: join(folder, "data"),
    PORT: "0",
    PORTCULLIS_GATEWAY_PROBE_ADDRESS: "127.0.0.1:9",
    ...more,
  };
  const child = spawn(process.execPath, [command, "start"], { env, cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const killWithTests = () => child.kill("SIGKILL");
  process.once("exit", killWithTests);
  let ended: number | string | null = null;
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });
  const close = once(child, "close").then(([code, signal]) => {
    ended = code ?? signal;
  });
  const url = await firstMatch(child, /Portcullis is at (\S+)[\s\S]*--configFile=/, close, () => log);
  return {
    url,
    port: Number(new URL(url).port),
    ended: () => ended,
    logged: () => log,
    run: async (...words) => (await promisify(execFile)(process.execPath, [command, ...words], { env })).stdout,
    closeOutput: () => {
      child.stdout.destroy();
      child.stderr.destroy();
    },
    residentBytes: async () => {
      const { stdout } = await promisify(execFile)("ps", ["-o", "rss=", "-p", String(child.pid)]);
      return Number(stdout.trim()) * 1_024;
    },
    stop: async () => {
      child.kill("SIGKILL");
      await close;
      process.off("exit", killWithTests);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function firstMatch(child: ChildProcess, form: RegExp, close: Promise<void>, log: () => string): Promise<string> {
  let said = "";
  return new Promise((resolve, reject) => {
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      const [, found] = form.exec(said) ?? [];
      if (found !== undefined) resolve(found);
    });
    void close.then(() => reject(new Error(`the product exited during its start: ${log()}`)));
  });
}
