import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { auditEntries } from "#drizzle/audit";
import { limits as limitsTable } from "#drizzle/persons";
import { keyOf, limits, take } from "#src/identity/limits";
import { openBrowser } from "../support/browser";
import { runsSideBySide, waiting } from "../support/held-transaction";
import { patienceMs } from "../support/patience";
import { givenMember, givenPerson } from "../support/people";
import { lastRow, readRows } from "../support/rows/table";
import { type GivenOrganization, openWorld, testOrigin, type World } from "../support/world";

let world: World;
let organization: GivenOrganization;

beforeAll(async () => {
  world = await openWorld();
  organization = await world.organization();
});
afterAll(() => world.close());
beforeEach(() => {
  world.now = null;
});

let address = 0;
/** Returns an address without counted attempts. */
const newAddress = () => `203.0.${113 + (address >> 8)}.${++address & 255}`;

const signIn = (fields: Record<string, string>, ip = newAddress()) =>
  openBrowser(world, { ip }).signIn("password", fields);

const wrong = { email: "nobody@example.org", password: "not this one at all" };

describe("a sliding window", () => {
  const limit = { name: "test", attempts: 3, windowSeconds: 60 };
  const at = (seconds: number) => {
    world.now = new Date(Date.parse("2026-11-20T10:00:00Z") + seconds * 1_000);
  };

  it("a sliding window allows its number of attempts and reports when the next one is allowed", async () => {
    for (const second of [0, 20, 40]) {
      at(second);
      await take(world.runtime, limit, "ada");
    }
    at(50);
    const refused = await take(world.runtime, limit, "ada").catch((error: unknown) => error);
    expect(refused).toMatchObject({ reason: "rate_limited", limit: "test", retryAfter: 10 });
    expect(refused).toMatchObject({ message: "Too many attempts. Try again in 10 seconds." });
    await take(world.runtime, limit, "bob");
    at(59.9);
    await expect(take(world.runtime, limit, "ada")).rejects.toMatchObject({ retryAfter: 1 });
    at(60);
    await take(world.runtime, limit, "ada");
    await expect(take(world.runtime, limit, "ada")).rejects.toMatchObject({ retryAfter: 20 });
  });

  it("a sliding window does not count forgiven attempts, and counts simultaneous attempts separately", async () => {
    at(1_000);
    const taken = [];
    for (let count = 0; count < 3; count++) taken.push(await take(world.runtime, limit, "eve"));
    await expect(take(world.runtime, limit, "eve")).rejects.toMatchObject({ reason: "rate_limited" });
    await taken[1]?.forgive();
    await take(world.runtime, limit, "eve");
    await expect(take(world.runtime, limit, "eve")).rejects.toMatchObject({ reason: "rate_limited" });
  });

  it("a sliding window allows no more than its number of concurrent attempts", async () => {
    at(2_000);
    const all = await Promise.allSettled(Array.from({ length: 20 }, () => take(world.runtime, limit, "mallory")));
    expect(all.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
  });

  it.runIf(runsSideBySide())("attempts that wait for the same row lock are counted one after the other", async () => {
    at(2_500);
    await (await take(world.runtime, limit, "trudy")).forgive();
    let all: Promise<PromiseSettledResult<unknown>[]> = Promise.resolve([]);
    await world.runtime.database.transaction("host", null, async (tx) => {
      await tx.execute(sql`select 1 from limits where key = ${keyOf(limit, "trudy")} for update`);
      all = Promise.allSettled(Array.from({ length: 8 }, () => take(world.runtime, limit, "trudy")));
      await vi.waitUntil(async () => (await waiting(world)) === 8, { timeout: patienceMs, interval: 10 });
    });
    const answers = await all;
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(limit.attempts);
  });

  it("an IPv6 /64 network is counted as one address", async () => {
    at(3_000);
    const byAddress = { name: "test:ip", attempts: 2, windowSeconds: 60 };
    await take(world.runtime, byAddress, "2001:db8:0:1::1");
    await take(world.runtime, byAddress, "2001:db8:0:1:ffff::2");
    await expect(take(world.runtime, byAddress, "2001:db8:0:1::3")).rejects.toMatchObject({ reason: "rate_limited" });
    await take(world.runtime, byAddress, "2001:db8:0:2::1");
  });

  it("all limits have the required values (TM-2, TM-37, AM-13, TM-38, TM-39, TM-19, TM-30)", () => {
    expect(Object.values(limits).map(({ name, attempts, windowSeconds }) => [name, attempts, windowSeconds])).toEqual([
      ["sign-in:ip", 5, 60],
      ["code:ip", 5, 60],
      ["failures:account", 5, 300],
      ["management:ip", 10, 60],
      ["oidc:ip", 10, 60],
      ["provider-test:organization", 20, 600],
      ["upstream-check:caller", 20, 60],
      ["upstream-check:organization", 120, 3_600],
      ["key-creation:ip", 5, 3_600],
      ["proofs:organization", 10, 60],
    ]);
  });
});

describe("signing in", () => {
  it("the sixth sign-in in a minute from one address gets 429 with Retry-After, right or wrong (TM-2)", async () => {
    const person = await givenPerson(world);
    const ip = newAddress();
    world.now = new Date("2026-11-20T11:00:00Z");
    for (let count = 0; count < 5; count++) {
      expect((await signIn({ ...wrong, email: `nobody${count}@example.org` }, ip)).status).toBe(401);
    }
    const refused = await signIn({ email: person.email, password: person.password }, ip);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "60"]);
    expect(refused.error.data.reason).toBe("rate_limited");
    expect((await signIn({ email: person.email, password: person.password })).status).toBe(200);
    world.now = new Date("2026-11-20T11:01:00Z");
    expect((await signIn({ email: person.email, password: person.password }, ip)).status).toBe(200);
  });

  it("attempts refused by the address limit do not count for the account, so one address cannot lock it (AM-13)", async () => {
    const person = await givenPerson(world);
    const ip = newAddress();
    for (let count = 0; count < 5; count++) await signIn({ ...wrong, email: `nobody-${count}@example.org` }, ip);
    for (let count = 0; count < 6; count++) {
      expect((await signIn({ email: person.email, password: "wrong" }, ip)).status).toBe(429);
    }
    expect((await signIn({ email: person.email, password: person.password })).status).toBe(200);
  });

  it("a sign-in with a forged X-Forwarded-For counts for the socket address (TM-2)", async () => {
    const ip = newAddress();
    const attempt = async (forged: string) => {
      const browser = openBrowser(world, { ip });
      const csrfToken = await browser.formToken();
      const form = new URLSearchParams({ ...wrong, email: `${forged}@example.org`, csrfToken, json: "true" });
      return browser.fetch("/api/auth/callback/password", {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded", "x-forwarded-for": forged },
        body: form.toString(),
      });
    };
    for (let count = 1; count <= 5; count++) expect((await attempt(`198.51.100.${count}`)).status).toBe(401);
    expect((await attempt("198.51.100.6")).status).toBe(429);
    const entry = await lastRow(world.db.owner, auditEntries, { action: "auth.signIn" }, ["ip"]);
    expect(entry?.ip).toBe(ip);
  });

  it("an account locks after five failures in five minutes, in any spelling of its e-mail address (AM-13)", async () => {
    const person = await givenPerson(world, "Grace.Hopper@example.org".toLowerCase());
    world.now = new Date("2026-11-20T12:00:00Z");
    for (const email of ["grace.hopper@example.org", "GRACE.HOPPER@EXAMPLE.ORG", " Grace.Hopper@example.org "]) {
      expect((await signIn({ email, password: "wrong" })).status).toBe(401);
    }
    expect((await signIn({ email: person.email, password: person.password })).status).toBe(200); // not counted
    for (let count = 0; count < 2; count++) {
      expect((await signIn({ email: person.email, password: "wrong" })).status).toBe(401);
    }
    const refused = await signIn({ email: "grace.Hopper@example.org", password: person.password });
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "300"]);
    const entry = await lastRow(world.db.owner, auditEntries, { reason: "rate_limited" }, [
      "actorId",
      "actorName",
      "changed",
    ]);
    expect(entry).toEqual({
      actorId: person.userId,
      actorName: person.email,
      changed: { limit: "failures:account" },
    });
    world.now = new Date("2026-11-20T12:05:00Z");
    expect((await signIn({ email: person.email, password: person.password })).status).toBe(200);
  });

  it("an unknown account gives the same answers as a known one, including the lockout (AM-13)", async () => {
    const person = await givenPerson(world);
    world.now = new Date("2026-11-20T13:00:00Z");
    const answers: Record<string, unknown[]> = { known: [], unknown: [] };
    for (let count = 0; count < 7; count++) {
      for (const [key, email] of [
        ["known", person.email],
        ["unknown", `x${person.email}`],
      ] as const) {
        const { status, error, headers } = await signIn({ email, password: "wrong" });
        const data = { ...error.data, requestId: "" };
        answers[key]?.push([status, headers.get("retry-after"), error.message, data]);
      }
    }
    expect(answers.known).toEqual(answers.unknown);
    expect(answers.known?.map((answer) => (answer as [number])[0])).toEqual([401, 401, 401, 401, 401, 429, 429]);
  });

  it("a lockout caused by a stranger does not affect existing sessions (AM-13)", async () => {
    const person = await givenPerson(world);
    await givenMember(world, organization.organizationId, person, "owner");
    const device = openBrowser(world, { ip: newAddress() });
    await device.signIn("password", { email: person.email, password: person.password });
    for (let count = 0; count < 6; count++) await signIn({ email: person.email, password: "wrong" });
    expect((await signIn({ email: person.email, password: person.password })).status).toBe(429);
    expect((await device.call("projects.create", { name: "Still here" })).status).toBe(200);
  });

  it("the limits table contains nothing that was typed", async () => {
    await signIn({ email: "My Secret Password 1", password: "x" });
    const keys = await readRows(world.db.owner, limitsTable, {}, ["key"]);
    expect(keys.length).toBeGreaterThan(10);
    expect(JSON.stringify(keys).toLowerCase()).not.toMatch(/secret|example\.org/);
  });

  it("the audit log says whose password was wrong, or that the account is unknown (AM-13)", async () => {
    const person = await givenPerson(world);
    const ip = newAddress();
    await signIn({ email: person.email, password: "wrong" }, ip);
    await signIn({ ...wrong, email: `x${person.email}` }, ip);
    const entries = await readRows(world.db.owner, auditEntries, { ip, outcome: "refused" }, ["reason", "actorId"]);
    expect(entries).toEqual([
      { reason: "wrong_password", actorId: person.userId },
      { reason: "unknown_account", actorId: null },
    ]);
  });

  it("a rate-limited sign-in is audited with rate_limited", async () => {
    const ip = newAddress();
    for (let count = 0; count < 6; count++) await signIn({ ...wrong, email: `e${count}@example.org` }, ip);
    const entries = await readRows(world.db.owner, auditEntries, { ip, outcome: "refused" }, ["reason"]);
    expect(entries.map(({ reason }) => reason)).toEqual([...Array(5).fill("unknown_account"), "rate_limited"]);
  });

  it("sign-ins behind a trusted proxy are limited by the address of each visitor", async () => {
    const behind = await openWorld({
      signIn: { ...world.runtime.signIn, trustedProxies: ["10.0.0.0/8"] },
      database: world.runtime.database,
    });
    const statuses: number[] = [];
    for (let count = 1; count <= 6; count++) {
      const browser = openBrowser(behind, { ip: "10.0.0.1" });
      const csrfToken = await browser.formToken();
      const response = await browser.fetch("/api/auth/callback/password", {
        method: "POST",
        headers: {
          "content-type": "application/x-www-form-urlencoded",
          "x-forwarded-for": `192.0.2.99, 198.51.101.${count}`,
          origin: testOrigin,
        },
        body: new URLSearchParams({
          email: `v${count}@example.org`,
          password: "x",
          csrfToken,
          json: "true",
        }).toString(),
      });
      statuses.push(response.status);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 401]);
    await behind.db.close();
  });
});
