import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { auditEntries } from "#drizzle/audit";
import { organizations } from "#drizzle/organizations";
import { makeApiKey } from "#src/access/api-keys";
import type { Runtime } from "#src/access/runtime";
import type { Database } from "#src/database/database";
import { ActiveRequests } from "#src/http/active-requests";
import { createHandler, type Handler } from "#src/http/handler";
import { openBrowser } from "../support/browser";
import { reasonOf } from "../support/call-response";
import { send } from "../support/raw-call";
import { readRows, updateRows } from "../support/rows/table";
import { type GivenOrganization, openWorld, type World } from "../support/world";

let world: World;
let acme: GivenOrganization;
let beta: GivenOrganization;
let acmeKey: string;
let betaKey: string;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  [acme, beta] = [await world.organization(), await world.organization()];
  [acmeKey, betaKey] = [await acme.key("owner"), await beta.key("owner")];
});

const json = { "content-type": "application/json" };
const call = (handler: Handler, key: string, procedure: string, input: unknown = {}) =>
  send(handler, `/api/trpc/${procedure}`, { headers: { ...json, "x-api-key": key }, body: JSON.stringify(input) });

/** A handler whose transactions wait until `release` is called. */
function heldHandler(bounds: ConstructorParameters<typeof ActiveRequests>[0]) {
  const { database } = world.runtime;
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let started = 0;
  const held: Database = {
    ...database,
    transaction: async (role, organizationId, body) => {
      started += 1;
      await released;
      return database.transaction(role, organizationId, body);
    },
    batch: async (role, organizationId, statements, body) => {
      started += 1;
      await released;
      return database.batch(role, organizationId, statements, body);
    },
  };
  const handler = createHandler({ ...world.runtime, database: held }, {}, new ActiveRequests(bounds));
  return { handler, release, started: () => started };
}

const bounds = { active: { total: 8, perOwner: 3 }, streams: { total: 3, perOwner: 2 } };

describe("concurrent requests", () => {
  test("requests beyond the share of an organization get 503 overloaded, and other organizations continue", async () => {
    const { handler, release, started } = heldHandler(bounds);
    const held = Array.from({ length: 3 }, () => call(handler, acmeKey, "projects.list"));
    await expect.poll(started).toBe(3);
    const refused = await call(handler, acmeKey, "projects.list");
    expect(reasonOf(refused)).toEqual([503, "overloaded"]);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(reasonOf(await call(handler, await acme.key("viewer"), "projects.list"))).toEqual([503, "overloaded"]);
    const other = call(handler, betaKey, "projects.list");
    await expect.poll(started).toBe(4);
    release();
    expect((await Promise.all([...held, other])).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect((await call(handler, acmeKey, "projects.list")).status).toBe(200);
    const audited = await readRows(world.db.owner, auditEntries, { reason: "overloaded" });
    expect(audited).toEqual([]);
  });

  test("overload does not affect health checks and waits", async () => {
    const { handler, release, started } = heldHandler({ ...bounds, active: { total: 2, perOwner: 2 } });
    const held = Array.from({ length: 2 }, () => call(handler, acmeKey, "projects.list"));
    await expect.poll(started).toBe(2);
    expect(reasonOf(await call(handler, betaKey, "projects.list"))).toEqual([503, "overloaded"]);
    for (let at = 0; at < 5; at++) {
      expect((await send(handler, "/healthz", { method: "GET" })).status).toBe(200);
      expect((await send(handler, "/readyz", { method: "GET" })).status).toBe(200);
    }
    expect(reasonOf(await call(handler, acmeKey, "sync.wait", { changeId: "chg_0" }))).toEqual([404, "not_found"]);
    release();
    await Promise.all(held);
  });

  test("concurrent sign-ins are limited per address, and their slots are released", async () => {
    const { handler, release, started } = heldHandler({ ...bounds, active: { total: 8, perOwner: 2 } });
    const browser = () => openBrowser({ handler }, { ip: "203.0.113.21" });
    const signIns: Promise<{ readonly status: number }>[] = [];
    for (let at = 1; at <= 2; at++) {
      signIns.push(browser().signIn("link", { token: "x" }));
      await expect.poll(started).toBe(at);
    }
    expect((await browser().fetch("/api/auth/csrf")).status).toBe(503);
    expect((await openBrowser({ handler }, { ip: "203.0.113.22" }).fetch("/api/auth/csrf")).status).toBe(200);
    release();
    expect((await Promise.all(signIns)).map(({ status }) => status)).toEqual([401, 401]);
    expect((await browser().fetch("/api/auth/csrf")).status).toBe(200);
  });

  test("concurrent readiness requests share one check", async () => {
    let checks = 0;
    const handler = createHandler(world.runtime, {
      slow: async () => {
        checks += 1;
        await new Promise((resolve) => setTimeout(resolve, 20));
        return null;
      },
    });
    const answers = await Promise.all(Array.from({ length: 200 }, () => send(handler, "/readyz", { method: "GET" })));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(checks).toBe(1);
  });
});

describe("a body that is larger than 16 KiB", () => {
  const large = JSON.stringify({ name: "Wide", description: undefined, padding: "x".repeat(200 * 1024) });

  /** A body that is produced in pieces and counts the bytes that are read. */
  function pieces(): { readonly body: ReadableStream; bytesRead(): number } {
    let at = 0;
    const body = new ReadableStream(
      {
        pull: (controller) => {
          if (at >= large.length) return controller.close();
          controller.enqueue(new TextEncoder().encode(large.slice(at, at + 1024)));
          at += 1024;
        },
      },
      { highWaterMark: 0 },
    );
    return { body, bytesRead: () => at };
  }

  test.each<[string, () => Promise<Record<string, string>>, string]>([
    ["an anonymous caller", async () => ({}), "no_credentials"],
    ["an unknown key", async () => ({ "x-api-key": makeApiKey((size) => Buffer.alloc(size, 5)).key }), "key_unknown"],
    ["a malformed key", async () => ({ "x-api-key": "x" }), "key_unknown"],
    [
      "an expired key",
      async () => ({ "x-api-key": await acme.key("owner", { expiresAt: new Date(0) }) }),
      "key_expired",
    ],
  ])("a large body of %s gets 401 and is not read", async (_caller, headers, reason) => {
    const { body, bytesRead } = pieces();
    const answer = await send(world.handler, "/api/trpc/projects.create", {
      headers: { ...json, ...(await headers()) },
      body,
    });
    expect(reasonOf(answer)).toEqual([401, reason]);
    expect(bytesRead()).toBeLessThanOrEqual(17 * 1024);
  });

  test("a large body for an unknown procedure gets 404 and is not read", async () => {
    const { body, bytesRead } = pieces();
    const headers = { ...json, "x-api-key": acmeKey };
    expect((await send(world.handler, "/api/trpc/projects.nothing", { headers, body })).status).toBe(404);
    expect(bytesRead()).toBeLessThanOrEqual(17 * 1024);
  });

  test("a large body of a known caller is read, and the request is counted once", async () => {
    await updateRows(
      world.db.owner,
      organizations,
      { organizationId: acme.organizationId },
      { keyRequestsPerMinute: 2 },
    );
    const statuses: unknown[] = [];
    for (let at = 0; at < 3; at++)
      statuses.push(reasonOf(await call(world.handler, acmeKey, "projects.create", JSON.parse(large))));
    expect(statuses).toEqual([
      [400, "invalid_input"],
      [400, "invalid_input"],
      [429, "key_rate_limited"],
    ]);
  });
});

describe("a caller with an unknown address", () => {
  const behindProxy = (): Runtime => ({
    ...world.runtime,
    signIn: { ...world.runtime.signIn, trustedProxies: ["127.0.0.1"], keyCreationsPerHour: 2 },
  });

  test.each(["unknown", "203.0.113.7, nonsense", "", "203.0.113.7,", "[203.0.113.7]:80"])(
    "a caller with X-Forwarded-For %j matches no IP allow-list of a key, not even the address of the proxy",
    async (forwardedFor) => {
      const handler = createHandler(behindProxy());
      const { data } = await acme.call<{ key: string }>("keys.create", {
        name: "x",
        role: "viewer",
        allowedIps: ["0.0.0.0/0", "::/0", "127.0.0.1", "203.0.113.7"],
      });
      const sendWith = (header: string) =>
        send(handler, "/api/trpc/auth.session", {
          headers: { ...json, "x-api-key": data.key, "x-forwarded-for": header },
          body: "{}",
        });
      expect((await sendWith("203.0.113.7:51234")).status).toBe(200);
      expect(reasonOf(await sendWith(forwardedFor))).toEqual([401, "key_ip_refused"]);
    },
  );

  test("callers with an unknown address share one rate limit bucket", async () => {
    const handler = createHandler(behindProxy());
    const sendWith = (header: string) =>
      send(handler, "/api/trpc/keys.create", {
        headers: { ...json, "x-api-key": acmeKey, "x-forwarded-for": header },
        body: '{"name":"x","role":"viewer"}',
      });
    expect((await sendWith("unknown")).status).toBe(200);
    expect((await sendWith("nonsense")).status).toBe(200);
    expect(reasonOf(await sendWith("203.0.113.7,"))).toEqual([429, "rate_limited"]);
    expect((await sendWith("203.0.113.7")).status).toBe(200);
  });
});
