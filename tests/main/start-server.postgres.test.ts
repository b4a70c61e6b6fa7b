import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { drizzle } from "drizzle-orm/postgres-js";
import pino from "pino";
import { afterAll, expect, test, vi } from "vitest";
import { organizations } from "#drizzle/organizations";
import { inOneLine } from "#src/main/explain-start-failure";
import { CreatedOrganization } from "#src/main/host/contract";
import { sendHostCommand } from "#src/main/host-commands";
import { readEnvironment } from "#src/main/settings/environment";
import { type RunningServer, startServer } from "#src/main/start-server";
import { callsOver, reasonOf } from "../support/call-response";
import { emptyDatabase } from "../support/empty-database";
import { openAsOwner } from "../support/owner-connection";
import { patienceMs } from "../support/patience";
import { readRows } from "../support/rows/table";
import { registerSecret } from "../support/secrets";

const log = pino({ level: "silent" });
const folder = mkdtempSync(join(tmpdir(), "pcl-"));
afterAll(() => rmSync(folder, { recursive: true }));

const secret = "5e1d0c7f9a3b48266b1f0d7a935ce8420f1e2d3c4b5a69788796a5b4c3d2e1f0";
const environmentOf = (url: string, data: string, more: Record<string, string> = {}) => ({
  DATABASE_URL: url,
  PORTCULLIS_DATA: join(folder, data),
  PORT: "0",
  PORTCULLIS_GATEWAY_PROBE_ADDRESS: "127.0.0.1:9",
  ...more,
});
const start = (environment: Record<string, string>) => startServer(readEnvironment(environment), { log });
const stop = (servers: readonly RunningServer[]) => Promise.all(servers.map((server) => server.stop()));

test("four processes that start concurrently on one empty database all become healthy", async () => {
  const url = await emptyDatabase();
  const servers = await Promise.all(
    ["a", "b", "c", "d"].map((data) => start(environmentOf(url, data, { PORTCULLIS_SECRET: secret }))),
  );
  for (const server of servers) expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  await stop(servers);
});

test("two databases of one cluster that are initialized concurrently each serve their own data only", async () => {
  const urls = await Promise.all([emptyDatabase(), emptyDatabase()]);
  const environments = urls.map((url, at) => environmentOf(url, `e${at}`));
  const servers = await Promise.all(environments.map((environment) => start(environment)));
  expect(new Set(servers.map(({ runtime }) => runtime.installationId)).size).toBe(2);
  const keys = await Promise.all(environments.map((environment, at) => setUp(environment, `Acme ${at}`)));
  for (const [at, { url }] of servers.entries()) {
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const [own = "", other = ""] = [keys[at], keys[1 - at]];
    const shown = await callsOver(url, own)("organizations.one");
    expect([shown.status, shown.data?.name]).toEqual([200, `Acme ${at}`]);
    expect(reasonOf(await callsOver(url, other)("organizations.one"))).toEqual([401, "key_unknown"]);
    expect(await organizationsIn(urls[at] ?? "")).toEqual([`Acme ${at}`]);
  }
  await stop(servers);
});

/** Sets up an installation with one organization. @returns its key */
async function setUp(environment: Record<string, string>, organization: string): Promise<string> {
  const answer = await sendHostCommand(environment, "setup", { email: "ada@example.org", organization });
  if (!answer.ok) throw new Error(answer.message);
  return registerSecret(CreatedOrganization.parse(answer.result).apiKey.key);
}

/** The names of all organizations in a database, read as its owner. */
async function organizationsIn(url: string): Promise<string[]> {
  const owner = openAsOwner(url);
  const rows = await readRows(drizzle(owner), organizations);
  await owner.end();
  return rows.map(({ name }) => name);
}

test("a start on an initialized database requires its secret from the setting or the data folder", async () => {
  const url = await emptyDatabase();
  await stop([await start(environmentOf(url, "f"))]);
  await stop([await start(environmentOf(url, "f"))]);
  await expect(start(environmentOf(url, "g"))).rejects.toThrow(/^PORTCULLIS_SECRET must be set: /);
  await expect(start(environmentOf(url, "g", { PORTCULLIS_SECRET: secret }))).rejects.toThrow(
    /^PORTCULLIS_SECRET .* must be the one that this database was made with/,
  );
});

test("the command line connects to the database directly while a server runs, and needs no secret", async () => {
  const url = await emptyDatabase();
  const server = await start(environmentOf(url, "h", { PORTCULLIS_SECRET: secret }));
  const environment = environmentOf(url, "elsewhere");
  const answer = await sendHostCommand(environment, "setup", { email: "ada@example.org", organization: "Acme" });
  expect(answer).toMatchObject({ ok: true, result: { apiKey: { key: expect.stringMatching(/^pcl_/) } } });
  await server.stop();
});

test("an unreachable or missing database is reported in one line without the password", async () => {
  const refused = start(environmentOf("postgres://ada:hunter2@127.0.0.1:9/x", "i"));
  await expect(refused).rejects.toThrow("PostgreSQL does not answer at DATABASE_URL (ECONNREFUSED)");
  const unknown = new URL(await emptyDatabase());
  unknown.pathname = "/nowhere";
  await expect(start(environmentOf(unknown.href, "i"))).rejects.toThrow("has no database with the name");
});

test("a user who may not create roles gets all the SQL statements that are needed", async () => {
  const url = new URL(await emptyDatabase());
  const administrator = openAsOwner(url.href);
  const user = `plain_${process.pid}`;
  await administrator.unsafe(`create role ${user} login; alter database ${url.pathname.slice(1)} owner to ${user}`);
  const environment = environmentOf(Object.assign(new URL(url), { username: user }).href, "j");

  const [first, ...statements] = inOneLine(await start(environment).catch((error: unknown) => error)).split("\n");
  expect(first).toMatch(/^the user in DATABASE_URL may not create roles\. Run this as an administrator/);
  expect(statements).toEqual(
    ["gate", "tenant", "sync", "host", "identity", "retention"].map(
      (name) => `create role portcullis_${name} nologin; grant portcullis_${name} to "${user}";`,
    ),
  );
  // The roles exist already: they belong to the cluster, and other tests created them.
  for (const line of statements) await administrator.unsafe(line.replace(/^.*; (?=grant)/, ""));
  await administrator.end();
  const server = await start(environment);
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  await server.stop();
});

test("SIGTERM ends a start that waits for the migrations of another process", async () => {
  const url = await emptyDatabase();
  const holder = openAsOwner(url);
  const isAwaited = async () =>
    (
      await holder`select 1 from pg_locks where locktype = 'advisory' and not granted
      and database = (select oid from pg_database where datname = current_database())`
    ).length > 0;
  await holder`select pg_advisory_lock(7402118334)`;
  const command = join(import.meta.dirname, "../../bin/portcullis.mjs");
  const { PATH, HOME } = process.env;
  const env = { NODE_ENV: "test" as const, PATH, HOME, ...environmentOf(url, "k") };
  const child = spawn(process.execPath, [command, "start"], { env, stdio: "ignore" });
  const ended = once(child, "close");
  await vi.waitFor(async () => expect(await isAwaited()).toBe(true), { timeout: patienceMs, interval: 50 });
  child.kill("SIGTERM");
  expect(await ended).toEqual([0, null]); // after 9.5 s it would end itself with 1
  await holder.end();
});
