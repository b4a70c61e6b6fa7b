import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { sessionSettings } from "#src/database/session-settings";
import { inOneLine } from "#src/main/explain-start-failure";
import { openInstallation } from "#src/main/open-installation";
import { readEnvironment } from "#src/main/settings/environment";
import { realSurroundings } from "#src/main/system";
import { freePort } from "../support/free-port";
import { type Cluster, startCluster } from "../support/postgres-cluster";

const isInstalled = spawnSync("pgbouncer", ["--version"], { stdio: "ignore" }).status === 0;

const folder = mkdtempSync(join(tmpdir(), "pcl-"));
let bouncer: ChildProcess | undefined;
/** A separate cluster: the suite's cluster has hostile settings that the product cannot override through PgBouncer. */
let cluster: Cluster | undefined;
beforeAll(async () => {
  if (isInstalled) cluster = await startCluster();
});
let databases = 0;
const newDatabase = async () => (await cluster?.createDatabase(`bounced${databases++}`)) ?? "";

afterEach(async () => {
  if (bouncer?.exitCode !== null) return;
  const ended = once(bouncer, "close");
  bouncer.kill("SIGQUIT");
  await ended;
});
afterAll(async () => {
  await cluster?.stop();
  rmSync(folder, { recursive: true });
});

/** The user id for PgBouncer if the tests run as root, because PgBouncer refuses to run as root. */
const unprivilegedUid =
  process.getuid?.() === 0 ? Number(execFileSync("id", ["-u", "nobody"], { encoding: "utf8" })) : null;

/** Starts PgBouncer. @returns the address of the database behind it */
async function startPgBouncer(url: string, settings: readonly string[]): Promise<string> {
  const { port, pathname } = new URL(url);
  const ownPort = await freePort();
  const config = join(folder, "pgbouncer.ini");
  const users = join(folder, "users.txt");
  writeFileSync(users, '"postgres" ""\n');
  writeFileSync(
    config,
    `[databases]\n* = host=127.0.0.1 port=${port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = ${ownPort}\nunix_socket_dir =\nauth_type = trust\nauth_file = ${users}\n${settings.join("\n")}\n`,
  );
  chmodSync(folder, 0o755);
  if (unprivilegedUid !== null) for (const file of [config, users, folder]) chownSync(file, unprivilegedUid, -1);
  bouncer = spawn("pgbouncer", [config], {
    stdio: "ignore",
    ...(unprivilegedUid === null ? {} : { uid: unprivilegedUid }),
  });
  const address = `postgres://postgres@127.0.0.1:${ownPort}${pathname}`;
  await vi.waitFor(
    async () => {
      const sql = postgres(`postgres://postgres@127.0.0.1:${ownPort}/pgbouncer`, { max: 1, fetch_types: false });
      await sql.unsafe("select 1").catch((error: unknown) => {
        if (error instanceof Error && "code" in error && error.code === "ECONNREFUSED") throw error;
      });
      await sql.end({ timeout: 1 });
    },
    { timeout: 10_000, interval: 20 },
  );
  return address;
}

async function startWith(url: string): Promise<string> {
  try {
    const settings = readEnvironment({ DATABASE_URL: url, PORTCULLIS_DATA: join(folder, "data") });
    const { database } = await openInstallation(settings, realSurroundings());
    await database.close();
    return "opened";
  } catch (error) {
    return inOneLine(error);
  }
}

const ignored = `ignore_startup_parameters = ${[...sessionSettings.map(({ name }) => name), "role"].join(",")}`;

describe.skipIf(!isInstalled)(`PgBouncer${isInstalled ? "" : ": not installed on this machine"}`, () => {
  it.each(["transaction", "session", "statement"])(
    "PgBouncer in %s mode is refused in one line because it refuses session settings",
    async (mode) => {
      const line = await startWith(await startPgBouncer(await newDatabase(), [`pool_mode = ${mode}`]));
      expect(line).toContain("connection poolers such as PgBouncer");
      expect(line).not.toContain("\n");
    },
  );

  it.each([
    ["pool_mode = transaction", "default_pool_size = 1"],
    ["pool_mode = transaction", "default_pool_size = 20"],
    ["pool_mode = transaction", "default_pool_size = 20", "server_round_robin = 1", "min_pool_size = 5"],
  ])("PgBouncer that ignores session settings is refused in transaction mode: %s, %s", async (...settings) => {
    const url = await newDatabase();
    const line = await startWith(await startPgBouncer(url, [...settings, ignored]));
    expect(line).toContain("in transaction mode is in front of PostgreSQL");
    expect(line).not.toContain("\n");
  });

  it("PgBouncer that drops session settings is refused in session mode", async () => {
    const url = await newDatabase();
    const line = await startWith(await startPgBouncer(url, ["pool_mode = session", ignored]));
    expect(line).toContain("A connection pooler in between drops them");
  });
});
