import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { sessionSettings } from "../../src/database/session-settings";
import { inOneLine } from "../../src/main/explain-start-failure";
import { openInstallation } from "../../src/main/open-installation";
import { readEnvironment } from "../../src/main/settings/environment";
import { realSurroundings } from "../../src/main/system";
import { freePort } from "../support/free-port";
import { type Cluster, startCluster } from "../support/postgres-cluster";

const isThere = spawnSync("pgbouncer", ["--version"], { stdio: "ignore" }).status === 0;

const folder = mkdtempSync(join(tmpdir(), "pcl-"));
let bouncer: ChildProcess | undefined;
/** Of its own: the suite's cluster has settings against the product, which PgBouncer keeps it from setting back. */
let cluster: Cluster | undefined;
beforeAll(async () => {
  if (isThere) cluster = await startCluster();
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

/** Whether root runs this: PgBouncer does not. */
const nobody = process.getuid?.() === 0 ? Number(execFileSync("id", ["-u", "nobody"], { encoding: "utf8" })) : null;

/** Starts PgBouncer @returns the address of the database behind it */
async function startPgBouncer(url: string, settings: readonly string[]): Promise<string> {
  const { port, pathname } = new URL(url);
  const own = await freePort();
  const config = join(folder, "pgbouncer.ini");
  const users = join(folder, "users.txt");
  writeFileSync(users, '"postgres" ""\n');
  writeFileSync(
    config,
    `[databases]\n* = host=127.0.0.1 port=${port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = ${own}\nunix_socket_dir =\nauth_type = trust\nauth_file = ${users}\n${settings.join("\n")}\n`,
  );
  chmodSync(folder, 0o755);
  if (nobody !== null) for (const file of [config, users, folder]) chownSync(file, nobody, -1);
  bouncer = spawn("pgbouncer", [config], { stdio: "ignore", ...(nobody === null ? {} : { uid: nobody }) });
  const address = `postgres://postgres@127.0.0.1:${own}${pathname}`;
  await vi.waitFor(
    async () => {
      const sql = postgres(`postgres://postgres@127.0.0.1:${own}/pgbouncer`, { max: 1, fetch_types: false });
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

describe.skipIf(!isThere)(`PgBouncer${isThere ? "" : ": not on this machine"}`, () => {
  it.each(["transaction", "session", "statement"])(
    "is refused in one line in %s mode, because it refuses a session's settings",
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
  ])("is refused in transaction mode where it is told to ignore those: %s %s", async (...settings) => {
    const url = await newDatabase();
    const line = await startWith(await startPgBouncer(url, [...settings, ignored]));
    expect(line).toContain("in transaction mode stands before PostgreSQL");
    expect(line).not.toContain("\n");
  });

  it("is refused in session mode where it drops the settings of a session", async () => {
    const url = await newDatabase();
    const line = await startWith(await startPgBouncer(url, ["pool_mode = session", ignored]));
    expect(line).toContain("A connection pooler in between drops them");
  });
});
