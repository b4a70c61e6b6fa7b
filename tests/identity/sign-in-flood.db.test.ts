import { type SQL, sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { refusalCounts } from "#drizzle/audit";
import type { Database, Transaction } from "#src/database/database";
import { openBrowser } from "../support/browser";
import { reasonOf } from "../support/call-response";
import { holdHashing } from "../support/held-hashing";
import { givenPerson } from "../support/people";
import { readRows } from "../support/rows/table";
import { openWorld, type World } from "../support/world";

const floorMs = 150;

let world: World;
/** The same installation, with a minimum response time and with counted statements. */
let watched: World;
const statements = { transactions: 0, calls: [] as string[] };
beforeAll(async () => {
  world = await openWorld();
  const { runtime } = world;
  watched = await openWorld({
    database: counted(runtime.database),
    signIn: { ...runtime.signIn, responseFloorMs: floorMs },
    installationId: runtime.installationId,
  });
});
afterAll(async () => {
  await watched.db.close();
  await world.db.close();
});

function counted(database: Database): Database {
  return {
    ...database,
    transaction: (role, organizationId, body) => {
      statements.transactions++;
      return database.transaction(role, organizationId, body);
    },
    batch: (role, organizationId, count, body) => {
      statements.transactions++;
      return database.batch(role, organizationId, count, (tx) => body(recorded(tx)));
    },
    call: (statement) => {
      statements.calls.push(JSON.stringify(statement.queryChunks));
      return database.call(statement);
    },
  };
}

/** Records raw SQL statements. */
function recorded(tx: Transaction): Transaction {
  return new Proxy(tx, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (property !== "execute" || typeof value !== "function") return value;
      return (statement: SQL) => {
        statements.calls.push(JSON.stringify(statement.queryChunks));
        return value.call(target, statement);
      };
    },
  });
}

let address = 0;
const newAddress = () => `198.51.${100 + (address >> 8)}.${++address & 255}`;

async function signIn(email: string, ip = newAddress()) {
  const browser = openBrowser(watched, { ip });
  await browser.fetch("/api/auth/csrf");
  const startedAt = performance.now();
  const answer = await browser.signIn("password", { email, password: "not this one at all" });
  return { ...answer, ms: performance.now() - startedAt };
}

/** More than the queue ever accepts: held hashes take almost no time, so the measured average is very small. */
const strangers = Array.from({ length: 2_000 }, (_, number) => ({
  stranger: `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`,
}));

describe("sign-in during an overload of the hash queue", () => {
  it("an overloaded sign-in gets 503 busy with Retry-After after the minimum time, with or without an account", async () => {
    const { email } = await givenPerson(world);
    const held = await holdHashing(strangers);
    try {
      for (const typed of [email, "nobody@example.org"]) {
        const { ms, ...answer } = await signIn(typed);
        expect(reasonOf(answer)).toEqual([503, "busy"]);
        expect(answer.headers.get("retry-after")).toMatch(/^[1-9]\d?$/);
        expect(ms).toBeGreaterThanOrEqual(floorMs - 1);
      }
    } finally {
      await held.end();
    }
    expect((await signIn(email)).status).toBe(401);
  });

  it("an overloaded sign-in runs no database statement, counts as no attempt and locks no account", async () => {
    const { email } = await givenPerson(world);
    const ip = newAddress();
    const held = await holdHashing(strangers);
    Object.assign(statements, { transactions: 0, calls: [] });
    try {
      for (let count = 0; count < 8; count++) expect((await signIn(email, ip)).status).toBe(503);
    } finally {
      await held.end();
    }
    expect(statements).toEqual({ transactions: 0, calls: [] });
    expect((await signIn(email, ip)).status).toBe(401);
  });
});

describe("refused sign-ins", () => {
  it("a flood of refused sign-ins is recorded completely with few statements", async () => {
    const locked = "locked@example.org";
    for (let count = 0; count < 5; count++) await signIn(locked);
    Object.assign(statements, { transactions: 0, calls: [] });
    const before = await refusals();
    const answers = await Promise.all(Array.from({ length: 60 }, () => signIn(locked)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([429]));
    expect((await refusals()) - before).toBe(60);
    const writes = statements.calls.filter((text) => text.includes("portcullis_refuse"));
    expect(writes.length).toBeLessThanOrEqual(20);
  });
});

/** The number of refused sign-ins that the installation has recorded. */
async function refusals(): Promise<number> {
  const rows = await readRows(world.db.owner, refusalCounts);
  return rows.reduce((sum, { count }) => sum + count, 0);
}

describe("counting a sign-in attempt", () => {
  it("counting an attempt commits asynchronously, and synchronous_commit stays on for other statements", async () => {
    const settings: string[] = [];
    const setting = sql`select current_setting('synchronous_commit') as setting`;
    Object.assign(statements, { transactions: 0, calls: [] });
    await signIn("unknown@example.org");
    const takes = statements.calls.filter((text) => text.includes("portcullis_take"));
    expect(takes).toHaveLength(1);
    expect(takes[0]).toContain("set_config('synchronous_commit', 'off', true)");
    expect(takes[0]?.split("portcullis_take(")).toHaveLength(3);
    expect(statements.transactions).toBe(1);
    for (const row of await world.runtime.database.call<{ setting: string }>(setting)) settings.push(row.setting);
    expect(settings).toEqual(["on"]);
  });
});
