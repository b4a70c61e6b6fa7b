import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { apiKeys } from "#drizzle/api-keys";
import { sealPending } from "#src/audit/sealer";
import type { AuditEntry } from "#src/features/audit-log/contract";
import { ActiveRequests } from "#src/http/active-requests";
import { createHandler, type Handler } from "#src/http/handler";
import { insertEntries } from "#tests/support/audit-log";
import { openBrowser } from "#tests/support/browser";
import { readCallResponse, reasonOf } from "#tests/support/call-response";
import { givenMember, givenPerson } from "#tests/support/people";
import { updateRows } from "#tests/support/rows/table";
import { registerSecret } from "#tests/support/secrets";
import { type GivenOrganization, given, openWorld, type World } from "#tests/support/world";

let world: World;
let root: GivenOrganization;
let acme: GivenOrganization;
let key: string;

beforeAll(async () => {
  world = await openWorld();
  root = await world.organization({ root: true });
});
afterAll(() => world.close());
beforeEach(async () => {
  acme = await world.organization();
  key = await acme.key("admin");
});

const neverAborted = new AbortController().signal;

const fetchExport = (query: string, as: string | null = key, handler: Handler = world.handler) =>
  handler(
    new Request(`http://127.0.0.1/api/audit/export${query}`, { headers: as === null ? {} : { "x-api-key": as } }),
    { ip: "127.0.0.1" },
  );

async function entriesOf(query: string): Promise<AuditEntry[]> {
  const response = await fetchExport(query);
  expect(response.status).toBe(200);
  const lines = (await response.text()).split("\n");
  expect(lines.pop()).toBe("");
  return lines.map((line) => JSON.parse(line) as AuditEntry);
}

describe("GET /api/audit/export (AUD)", () => {
  test("returns every entry as JSON lines: sealed entries in the order of the chain, then unsealed entries", async () => {
    await insertEntries(world, acme.organizationId, 600);
    await sealPending(world.runtime.database, neverAborted);
    await insertEntries(world, acme.organizationId, 300);
    const entries = await entriesOf("");
    expect(entries).toHaveLength(900);
    expect(new Set(entries.map(({ auditId }) => auditId)).size).toBe(900);
    expect(entries.slice(0, 600).map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 600 }, (_, at) => at + 1),
    );
    expect(new Set(entries.slice(600).map(({ sequence }) => sequence))).toEqual(new Set([null]));
    const { items } = (await acme.call<{ items: AuditEntry[] }>("audit.list", { limit: 200 })).data;
    expect([...entries].reverse().slice(0, 200)).toEqual(items);
  });

  test("the export neither misses nor repeats an entry that is sealed during the export", async () => {
    await insertEntries(world, acme.organizationId, 700);
    const response = await fetchExport("");
    const reader = response.body?.getReader();
    const first = await reader?.read();
    await sealPending(world.runtime.database, neverAborted);
    let text = new TextDecoder().decode(first?.value);
    for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) {
      text += new TextDecoder().decode(next.value);
    }
    const ids = text
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as AuditEntry).auditId);
    expect([ids.length, new Set(ids).size]).toEqual([700, 700]);
  });

  test("returns CSV with a header row, quotes cells where necessary and neutralizes formulas", async () => {
    await given(acme).ok("projects.create", { name: '=HYPERLINK("http://evil.example"),x' });
    const response = await fetchExport("?format=csv");
    expect(response.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    expect(response.headers.get("content-disposition")).toMatch(
      /^attachment; filename="audit-organization-\d{4}-\d\d-\d\d\.csv"$/,
    );
    expect(response.headers.get("cache-control")).toBe("no-store");
    const [names, line, end] = (await response.text()).split("\r\n");
    expect(names?.split(",").slice(0, 5)).toEqual(["sequence", "at", "actor_kind", "actor_id", "actor_name"]);
    expect(line).toContain(`,"'=HYPERLINK(""http://evil.example""),x",`);
    expect(line).toContain(",projects.create,done,");
    expect(end).toBe("");
  });

  test("returns an empty JSON lines file or a CSV with only the header row when no entry matches", async () => {
    const emptyRange = "from=2001-01-01T00:00:00Z&to=2001-01-02T00:00:00Z";
    expect(await (await fetchExport(`?${emptyRange}`)).text()).toBe("");
    expect((await (await fetchExport(`?format=csv&${emptyRange}`)).text()).split("\r\n")).toHaveLength(2);
  });

  test("applies the same filters as audit.list", async () => {
    const { projectId } = await given(acme).ok<{ projectId: string }>("projects.create", { name: "Wiki" });
    await given(acme).ok("projects.update", { projectId, name: "Other" });
    const viewer = world.callAs(await acme.key("viewer"));
    await viewer("projects.delete", { projectId });
    const actions = async (query: string) => (await entriesOf(query)).map(({ action }) => action);
    expect(await actions(`?objectId=${projectId}`)).toEqual(["projects.create", "projects.update", "projects.delete"]);
    expect(await actions("?action=projects.update")).toEqual(["projects.update"]);
    expect(await actions("?outcome=refused")).toEqual(["projects.delete"]);
    const [refused] = await entriesOf("?outcome=refused");
    expect(await actions(`?actorId=${refused?.actor.id}`)).toEqual(["projects.delete"]);
    for (const wrong of ["?from=yesterday", "?format=xml", "?organizationId=org_x", "?log=other"]) {
      const response = await fetchExport(wrong);
      expect(reasonOf(await readCallResponse(response)), wrong).toEqual([400, "invalid_input"]);
    }
  });

  test.each([
    "?log=organization&log=installation",
    "?log=installation&log=organization",
    "?format=csv&format=jsonl",
    "?from=2026-01-01T00:00:00Z&from=2026-01-02T00:00:00Z",
  ])("rejects %s because a repeated parameter is ambiguous", async (query) => {
    const response = await fetchExport(query, await root.key("owner"));
    expect([response.status, response.headers.get("content-disposition")]).toEqual([400, null]);
    const { error } = await readCallResponse(response);
    expect(Object.values(error.data.fields ?? {})).toEqual(["repeated"]);
  });

  test("limits the concurrent exports of an organization and releases the slot however an export ends", async () => {
    await insertEntries(world, acme.organizationId, 300);
    const bounds = { active: { total: 8, perOwner: 8 }, streams: { total: 3, perOwner: 2 } };
    const handler = createHandler(world.runtime, {}, new ActiveRequests(bounds));
    const [first, second] = [await fetchExport("", key, handler), await fetchExport("", key, handler)];
    const refused = await fetchExport("", key, handler);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await refused.json()).toMatchObject({ error: { data: { reason: "overloaded" } } });
    await first.body?.cancel();
    const third = await fetchExport("", key, handler);
    expect(third.status).toBe(200);
    await second.text();
    await third.text();
    for (let at = 0; at < 3; at++) expect((await fetchExport("?format=xml", key, handler)).status).toBe(400);
    expect((await fetchExport("", key, handler)).status).toBe(200);
  });

  test("requires permission to read the log: 401 without a valid key, 403 without the permission", async () => {
    expect((await fetchExport("", null)).status).toBe(401);
    expect((await fetchExport("", "not-a-key")).status).toBe(401);
    expect((await fetchExport("", await acme.key("developer"))).status).toBe(403);
    expect((await fetchExport("?log=installation")).status).toBe(403);
    expect((await fetchExport("?log=installation", await root.key("admin"))).status).toBe(403);
    const installation = await fetchExport("?log=installation", await root.key("owner"));
    expect(installation.status).toBe(200);
    expect(await installation.text()).toContain('"reason":"key_malformed"');

    const person = await givenPerson(world);
    await givenMember(world, acme.organizationId, person, "owner");
    const browser = openBrowser(world);
    await browser.signIn("password", { email: person.email, password: person.password });
    const bySession = await browser.fetch("/api/audit/export");
    expect([bySession.status, (await bySession.text()).includes(person.email)]).toEqual([200, true]);
    expect((await browser.fetch("/api/audit/export", { method: "POST" })).status).toBe(405);
  });

  test.each(["sealed", "unsealed"])(
    "stops in the middle of %s entries when the key is revoked during the export",
    async (how) => {
      await insertEntries(world, acme.organizationId, 1_000);
      if (how === "sealed") await sealPending(world.runtime.database, neverAborted);
      const response = await fetchExport("");
      const reader = response.body?.getReader();
      const first = await reader?.read();
      expect(new TextDecoder().decode(first?.value).includes('"sequence":null')).toBe(how === "unsealed");
      let more = 0;
      await updateRows(world.db.owner, apiKeys, { organizationId: acme.organizationId }, { revokedAt: new Date() });
      await expect(
        (async () => {
          for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) more++;
        })(),
      ).rejects.toThrow("revoked");
      expect(more).toBe(0);
    },
  );

  test("returns the end of a rotated key's overlap in a header, as every other response does (PO-25)", async () => {
    const { key: old, apiKeyId } = await given(acme).ok<{ key: string; apiKeyId: string }>("keys.create", {
      name: "siem",
      role: "admin",
    });
    const end = async () => {
      const response = await fetchExport("", registerSecret(old));
      await response.text();
      return [response.status, response.headers.get("x-api-key-expires-at")];
    };
    expect(await end()).toEqual([200, null]);
    const { rotated } = await given(acme).ok<{ rotated: { expiresAt: string } }>("keys.rotate", {
      apiKeyId,
      overlapSeconds: 3_600,
    });
    expect(await end()).toEqual([200, rotated.expiresAt]);
  });

  test("reads the next page only when the caller consumes it, and none after the caller cancels", async () => {
    await insertEntries(world, acme.organizationId, 2_000);
    const { database } = world.runtime;
    let transactions = 0;
    const transaction: typeof database.transaction = (...args) => {
      transactions++;
      return database.transaction(...args);
    };
    const handler = createHandler({ ...world.runtime, database: { ...database, transaction } });
    const response = await fetchExport("", key, handler);
    const reader = response.body?.getReader();
    await reader?.read();
    const soFar = transactions;
    expect(soFar).toBeLessThan(5);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await reader?.cancel();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(transactions).toBe(soFar);
  });

  test("exports 20,000 entries in constant memory", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    await insertEntries(world, acme.organizationId, 20_000, { changed: { note: "x".repeat(1_000) } });
    const response = await fetchExport("?format=csv");
    const reader = response.body?.getReader();
    let [bytes, peak, chunks] = [0, 0, 0];
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) {
      bytes += next.value.length;
      if (chunks++ % 8 !== 0) continue;
      collect();
      peak = Math.max(peak, process.memoryUsage().heapUsed - before);
    }
    expect(bytes).toBeGreaterThan(20_000_000);
    expect(peak).toBeLessThan(5_000_000);
  });
});
