import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import {
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { freePort } from "./free-port";
import { openAsOwner } from "./owner-connection";

export interface Cluster {
  /** A connection string over TCP on 127.0.0.1, as the superuser `postgres`, without a password. */
  url(database?: string): string;
  /** @returns the new database's connection string */
  createDatabase(name: string): Promise<string>;
  /** Kills the postmaster and every child with SIGKILL, and waits until all of them are gone. */
  kill9(): Promise<void>;
  /** Does what `pg_ctl stop -m immediate` does: no checkpoint, no orderly end. The next start recovers. */
  stopImmediately(): Promise<void>;
  /** Starts it again, on the same port, after it was killed or stopped. */
  start(): Promise<void>;
  /** Stops it and removes its files. */
  stop(): Promise<void>;
}

/** The line for a suite that is skipped because PostgreSQL is not installed. */
export const NO_POSTGRES =
  "no PostgreSQL on this machine (initdb is neither on PATH nor in /usr/lib/postgresql/*/bin): its tests are skipped";

const READY = /database system is ready to accept (?:read-only )?connections/;

/** @returns the folder of the newest `initdb` and `postgres`, or null if there is none */
export function findPostgresBinaries(): string | null {
  const packaged = "/usr/lib/postgresql";
  const versions = existsSync(packaged) ? readdirSync(packaged).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...(process.env.PATH ?? "").split(delimiter),
    ...versions.map((version) => join(packaged, version, "bin")),
  ];
  return folders.find((folder) => existsSync(join(folder, "initdb")) && existsSync(join(folder, "postgres"))) ?? null;
}

/**
 * Creates and starts a temporary cluster on a free port of 127.0.0.1. It flushes nothing to the disk (`fsync=off`),
 * which is safe as long as the machine stays up. PostgreSQL refuses to run as root. In that case it runs as `postgres`.
 * @param options.settings further settings, as `name=value`
 * @param options.files further files of the data folder, by name: `pg_hba.conf`, or `standby.signal` for a standby
 * @throws Error if PostgreSQL is not installed or does not start (the message contains its log)
 */
export async function startCluster(
  options: { settings?: readonly string[]; files?: Readonly<Record<string, string>> } = {},
): Promise<Cluster> {
  const binaries = findPostgresBinaries();
  if (binaries === null) throw new Error(NO_POSTGRES);
  const folder = mkdtempSync(join(tmpdir(), "portcullis-pg-"));
  const asOwner = ownerPrefix(folder);
  const data = join(folder, "data");
  const run = (program: string, ...parameters: string[]) => {
    const [command = "", ...rest] = [...asOwner, join(binaries, program), ...parameters];
    return { command, rest };
  };

  const initdb = run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync");
  execFileSync(initdb.command, initdb.rest, { stdio: "pipe", cwd: folder });
  const { uid, gid } = statSync(data);
  for (const [name, text] of Object.entries(options.files ?? {})) {
    writeFileSync(join(data, name), text, { mode: 0o600 });
    chownSync(join(data, name), uid, gid);
  }
  const port = await freePort();
  const settings = [
    "listen_addresses=127.0.0.1",
    `port=${port}`,
    `unix_socket_directories=${folder}`,
    "fsync=off",
    "max_connections=200",
    "shared_buffers=64MB",
    "lc_messages=C",
    ...(options.settings ?? []),
  ].flatMap((setting) => ["-c", setting]);
  const url = (database = "postgres") => `postgres://postgres@127.0.0.1:${port}/${database}`;

  let server: ChildProcess | null = null;
  const atExit = () => server?.kill("SIGQUIT");
  process.once("exit", atExit);

  async function start(): Promise<void> {
    const { command, rest } = run("postgres", "-D", data, ...settings);
    const child = spawn(command, rest, {
      stdio: ["ignore", "ignore", "pipe"],
      cwd: folder,
    });
    server = child;
    await untilReady(child);
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (server === null) return;
    const ending = server;
    server = null;
    const family = [ending.pid ?? 0, ...childrenOf(ending.pid ?? 0)];
    for (const pid of signal === "SIGKILL" ? family : [ending.pid ?? 0]) kill(pid, signal);
    while (family.some(isAlive)) await new Promise((resolve) => setImmediate(resolve));
  }

  await start();
  return {
    url,
    start,
    async createDatabase(name) {
      const sql = openAsOwner(url());
      await sql`create database ${sql(name)}`;
      await sql.end();
      return url(name);
    },
    kill9: () => end("SIGKILL"),
    stopImmediately: () => end("SIGQUIT"), // the signal that `pg_ctl stop -m immediate` sends
    async stop() {
      await end("SIGINT");
      process.off("exit", atExit);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Root gives the folder to the user `postgres` and starts the programs as that user. Other users start them as
 * themselves. With `setpriv` (Linux), the programs end when the process that started them ends, in any way.
 */
function ownerPrefix(folder: string): string[] {
  const [setpriv, dieWithParent] = ["setpriv", "--pdeathsig=QUIT"];
  const prefix = [setpriv, dieWithParent]; // replaces itself with the program: same pid
  if (process.getuid?.() !== 0) {
    return spawnSync(setpriv, [dieWithParent, "true"], { stdio: "ignore" }).status === 0 ? prefix : [];
  }
  const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  chownSync(folder, id("-u"), id("-g"));
  return [...prefix, "--reuid=postgres", "--regid=postgres", "--clear-groups"];
}

function untilReady(child: ChildProcess): Promise<void> {
  const log: string[] = [];
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`PostgreSQL did not start (exit ${code}):\n${log.join("\n")}`)));
    if (child.stderr === null) return reject(new Error("PostgreSQL was started without a log"));
    createInterface(child.stderr).on("line", (line) => {
      if (log.length < 100) log.push(line);
      if (READY.test(line)) resolve();
    });
  });
}

/** Reads Linux's process table. Elsewhere it finds none, and the children end when their postmaster has ended. */
function childrenOf(pid: number): number[] {
  const path = `/proc/${pid}/task/${pid}/children`;
  return existsSync(path) ? readFileSync(path, "utf8").split(" ").filter(Boolean).map(Number) : [];
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it has already ended
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !existsSync(`/proc/${pid}/stat`) || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
