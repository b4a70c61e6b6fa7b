import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import postgres from "postgres";
import { afterEach, expect, test, vi } from "vitest";
import { type Database, type DatabaseRole, rowsOf } from "#src/database/database";
import { migratePostgresDatabase } from "#src/database/migrate";
import { openPostgres } from "#src/database/postgres-database";
import { sessionSettings, settingsFor } from "#src/database/session-settings";
import { sendHostCommand } from "#src/main/host-commands";
import { emptyDatabase } from "../support/empty-database";
import { alter, hostileSettings } from "../support/hostile-settings";
import { openAsOwner } from "../support/owner-connection";
import { patienceMs } from "../support/patience";
import { startRelay } from "../support/startup-messages";
import { projectFolder } from "../support/test-database";

const names = sessionSettings.map(({ name }) => name);
const pinned = settingsFor("requests");
const byName = sql`select name, current_setting(name) as value from json_array_elements_text(${JSON.stringify(names)}::json) as name`;

interface Setting {
  readonly name: string;
  readonly value: string;
}

/** Returns the settings as a map, with times in milliseconds: `30s` is 30000. */
function values(rows: readonly Setting[]): Record<string, string> {
  return Object.fromEntries(rows.map(({ name, value }) => [name, value === "30s" ? "30000" : value]));
}

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const end of ends.splice(0).reverse()) await end();
});

function opened(url: string, connections = 1): Database {
  const database = openPostgres(url, connections);
  ends.push(() => database.close());
  return database;
}

function owner(url: string) {
  const connection = openAsOwner(url);
  ends.push(() => connection.end({ timeout: 1 }));
  return connection;
}

async function migrated(): Promise<string> {
  const url = await emptyDatabase();
  await migratePostgresDatabase(url, projectFolder);
  return url;
}

/** Waits until PostgreSQL has no session of the pool with this process id. */
async function untilGone(by: postgres.Sql, pid: number): Promise<void> {
  await vi.waitFor(async () => expect(await by`select 1 from pg_stat_activity where pid = ${pid}`).toHaveLength(0), {
    timeout: patienceMs,
  });
}

test("a connection without its own settings gets all hostile values of the test cluster", async () => {
  // With these four, the server would end the connection before a query. The test reads their stored values instead.
  const timeouts = names.filter((name) => name.endsWith("_timeout"));
  expect(timeouts).toHaveLength(4);
  const connection = {
    application_name: "unpinned",
    client_encoding: "",
    ...Object.fromEntries(timeouts.map((name) => [name, "0"])),
  };
  const url = await emptyDatabase();
  const bare = postgres(url, { max: 1, onnotice: () => undefined, connection, fetch_types: false });
  ends.push(() => bare.end({ timeout: 1 }));
  await bare.unsafe("do $$ begin end $$"); // loads PL/pgSQL, which defines its own settings
  for (const [name, value] of Object.entries(hostileSettings)) {
    if (timeouts.includes(name)) continue;
    const [row] = await bare.unsafe<{ value: string }[]>(`select current_setting('${name}') as value`);
    expect([name, row?.value]).toEqual([name, value]);
  }
  const stored = await owner(url)<{ setconfig: string[] }[]>`
    select setconfig from pg_db_role_setting where setdatabase = 0 and setrole in (0, 'postgres'::regrole)`;
  expect(stored).toHaveLength(2);
  for (const { setconfig } of stored) {
    expect(setconfig).toEqual(expect.arrayContaining(timeouts.map((name) => `${name}=${hostileSettings[name]}`)));
  }
});

test("the test cluster has a hostile value for exactly the pinned settings", () => {
  expect(Object.keys(hostileSettings).sort()).toEqual([...names].sort());
  for (const [name, value] of Object.entries(hostileSettings)) expect(pinned[name], name).not.toBe(value);
  for (const { name, why } of sessionSettings) expect(why.length, name).toBeGreaterThan(10);
});

test("every connection of the pool has the pinned values, outside and inside a transaction of each role", async () => {
  const database = opened(await migrated(), 4);
  const seen = new Map<number, Record<string, string>>();
  const look = sql`select pg_backend_pid() as pid, pg_sleep(0.05), (select json_agg(s) from (${byName}) s) as settings`;
  type Row = { pid: number; settings: Setting[] };
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      const [row] = await database.call<Row>(look);
      if (row) seen.set(row.pid, values(row.settings));
    }),
  );
  expect(seen.size).toBe(3); // the fourth serves the sync alone
  for (const found of seen.values()) expect(found).toEqual(pinned);
  const roles = ["tenant", "sync", "host", "identity", "retention"] as const satisfies readonly DatabaseRole[];
  for (const role of roles) {
    const rows = await database.transaction(role, role === "tenant" ? "org_none" : null, async (tx) =>
      rowsOf<Setting>(await tx.execute(byName)),
    );
    expect([role, values(rows)]).toEqual([role, pinned]);
  }
});

test("the pinned values return after a lost connection, RESET ALL and DISCARD ALL", async () => {
  const url = await migrated();
  const database = opened(url);
  const administrator = owner(url);
  const pid = async () => (await database.call<{ pid: number }>(sql`select pg_backend_pid() as pid`))[0]?.pid ?? 0;
  const first = await pid();
  await administrator`select pg_terminate_backend(${first})`;
  await untilGone(administrator, first);
  expect(await vi.waitFor(pid, { timeout: patienceMs })).not.toBe(first);
  expect(values(await database.call<Setting>(byName))).toEqual(pinned);
  for (const reset of [sql`reset all`, sql`discard all`]) {
    await database.call(reset);
    expect(values(await database.call<Setting>(byName))).toEqual(pinned);
  }
});

test("settings of the database, of the role, and of the role in the database do not affect a connection", async () => {
  const url = await migrated();
  const administrator = owner(url);
  const database = new URL(url).pathname.slice(1);
  const user = `pinned_${process.pid}`;
  await administrator.unsafe(`create role ${user} login`);
  ends.push(() => administrator.unsafe(`drop owned by ${user}; drop role ${user}`));
  for (const role of ["gate", "tenant", "sync", "host", "identity", "retention"]) {
    await administrator.unsafe(`grant portcullis_${role} to ${user}`);
  }
  for (const target of [`database ${database}`, `role ${user}`, `role ${user} in database ${database}`]) {
    await alter(administrator, target);
    const address = Object.assign(new URL(url), { username: user }).href;
    const plain = openPostgres(address, 1);
    expect([target, values(await plain.call<Setting>(byName))]).toEqual([target, pinned]);
    await plain.close();
  }
});

test.each([
  ["a parameter of the URL", "?datestyle=German&TIMEZONE=Asia%2FKathmandu&Statement_Timeout=1"],
  ["options in the URL", "?options=-c%20datestyle%3DGerman%20-c%20search_path%3Delsewhere"],
  ["the role in the URL", "?role=postgres&ROLE=postgres"],
])("%s does not affect a connection", async (_where, query) => {
  const database = opened(`${await migrated()}${query}`);
  expect(values(await database.call<Setting>(byName))).toEqual(pinned);
  expect(await database.call(sql`select current_user::text as role`)).toEqual([{ role: "portcullis_gate" }]);
});

test("environment variables of libpq do not affect a connection", async () => {
  vi.stubEnv("PGOPTIONS", "-c datestyle=German -c row_security=off");
  vi.stubEnv("PGDATESTYLE", "German");
  vi.stubEnv("PGTZ", "Asia/Kathmandu");
  vi.stubEnv("PGCLIENTENCODING", "LATIN1");
  vi.stubEnv("PGAPPNAME", "other");
  const database = opened(await migrated());
  expect(values(await database.call<Setting>(byName))).toEqual(pinned);
});

test("requests, the listener, migrations and host commands send the pinned values when they connect", async () => {
  const relay = await startRelay(await emptyDatabase());
  ends.push(() => relay.close());
  const startOf = async (act: () => Promise<unknown>) => {
    const before = relay.messages.length;
    await act();
    const sent = relay.messages.slice(before);
    expect(sent.length).toBeGreaterThan(0);
    return sent;
  };
  for (const message of await startOf(() => migratePostgresDatabase(relay.url, projectFolder))) {
    expect(message).toMatchObject(settingsFor("migrations"));
  }
  const database = opened(relay.url);
  for (const message of await startOf(() => database.call(sql`select 1`))) {
    expect(message).toMatchObject({ ...pinned, role: "portcullis_gate" });
  }
  for (const message of await startOf(() => database.listen("bell", () => undefined))) {
    expect(message).toMatchObject({ ...pinned, role: "portcullis_gate" });
  }
  const data = mkdtempSync(join(tmpdir(), "pcl-"));
  ends.push(async () => rmSync(data, { recursive: true }));
  const environment = {
    DATABASE_URL: relay.url,
    PORTCULLIS_DATA: data,
    PORTCULLIS_GATEWAY_PROBE_ADDRESS: "127.0.0.1:9",
  };
  const commands = await startOf(() => sendHostCommand(environment, "operator list", {}));
  for (const message of commands) {
    expect(message).toMatchObject(settingsFor(message.role === undefined ? "migrations" : "requests"));
  }
  expect(new Set(commands.map(({ role }) => role))).toEqual(new Set([undefined, "portcullis_gate"]));
});

test("only the pool and the migrations open connections, so every connection has the pinned values", () => {
  const source = join(import.meta.dirname, "../../src");
  const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) => /\.tsx?$/.test(name));
  const opening = files.filter((name) =>
    /^import (?!type ).*"postgres";$/m.test(readFileSync(join(source, name), "utf8")),
  );
  expect(opening.sort()).toEqual(["database/migrate.ts", "database/postgres-database.ts"]);
  for (const name of opening) {
    const text = readFileSync(join(source, name), "utf8");
    const calls = [...text.matchAll(/\bpostgres\((\{[\s\S]*?\n {2}(?: {2})?\}|\{.*?\})\)/g)];
    expect([name, calls.length]).toEqual([name, [...text.matchAll(/\bpostgres\(/g)].length]);
    // The driver gets no part of the URL, because it treats unknown parameters as session settings.
    for (const [, options] of calls)
      expect([name, options]).toEqual([
        name,
        expect.stringMatching(/^\{\s*\.\.\.driverOptions\(url\),[\s\S]*\bconnection\b/),
      ]);
  }
});

test("a start refuses a database with disabled triggers, and names the setting", async () => {
  const url = await emptyDatabase();
  const administrator = owner(url);
  await administrator.unsafe(`alter database ${new URL(url).pathname.slice(1)} set session_replication_role = replica`);
  await expect(migratePostgresDatabase(url, projectFolder)).rejects.toThrow(
    /^session_replication_role is "replica" for the user and the database in DATABASE_URL\. Triggers and foreign keys do not work/,
  );
});

test("a start refuses a connection that drops settings, and names some of them", async () => {
  const pooler = await startRelay(
    await emptyDatabase(),
    (name) => !(name in pinned) || /_timeout$|^default_/.test(name),
  );
  ends.push(() => pooler.close());
  await expect(migratePostgresDatabase(pooler.url, projectFolder)).rejects.toThrow(
    /^the connection to PostgreSQL does not have the settings that it was opened with \(.* instead of .*\)\. A connection pooler/,
  );
});
