import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { newId } from "#src/platform/ids";
import { insertPerson, insertProjectRole } from "#tests/http/matrix/acme";
import { insertEnvironment, type ProjectAndEnvironment } from "#tests/support/environment";
import { givenMember } from "#tests/support/people";
import { givenSession } from "#tests/support/sessions";
import { type GivenOrganization, given, insertGateway, openWorld, type World } from "#tests/support/world";
import { deliveredBy } from "../sync/delivered";

interface Item {
  readonly applicationId: string;
  readonly name: string;
  readonly projectName: string;
  readonly environmentName: string;
  readonly gatewayName: string;
  readonly hosts: { readonly first: readonly string[]; readonly count: number } | null;
  readonly credentials: { readonly count: number; readonly oldestPasswordChangedAt: string | null } | null;
  readonly changedAt: string;
  readonly exposure: { readonly state: string; readonly reason?: string };
}
interface Page {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
  readonly total: number;
}

/** Calls as a key or as a session. */
type Call = <T>(procedure: string, input?: unknown) => Promise<{ status: number; data: T }>;

let world: World;
let acme: GivenOrganization;
let inserted: ProjectAndEnvironment;
/** An upstream belongs to one organization, and every test has its own. */
let port = 9_000;

beforeAll(async () => {
  world = await openWorld();
});
beforeEach(async () => {
  world.now = null;
  port++;
  acme = await world.organization();
  inserted = await insertEnvironment(world, acme);
});
afterAll(() => world.close());

const list = async (input: Record<string, unknown> = {}, call: Call = acme.call) => {
  const answer = await call<Page>("applications.list", input);
  expect(answer.status).toBe(200);
  return answer.data;
};
const names = async (input: Record<string, unknown> = {}, call: Call = acme.call) =>
  (await list(input, call)).items.map(({ name }) => name);
const application = async (name: string, input: Record<string, unknown> = {}) =>
  (await given(acme).application({ name, environmentId: inserted.environmentId, access: "protected", ...input }))
    .applicationId;
const routeTo = (host: string) => ({ host, upstreams: [{ url: `http://127.0.0.1:${port}` }] });
const unique = (name: string) => `${name}-${newId("request").slice(-8)}.example.org`;

describe("the rows of applications.list", () => {
  test("a row has the names of its places, the first three hosts, its credentials and the last change", async () => {
    const hosts = ["d", "b", "a", "c"].map(unique);
    const applicationId = await application("Wiki", { route: routeTo(hosts[0] ?? "") });
    for (const host of hosts.slice(1)) await given(acme).ok("routes.create", { applicationId, ...routeTo(host) });
    await given(acme).ok("routes.create", { applicationId, ...routeTo(hosts[0] ?? ""), pathPrefix: "/admin" });
    for (const username of ["ada", "bob"]) await given(acme).credential(applicationId, username);
    await world.db.asOwner(
      "update security set password_changed_at = '2026-01-02T03:04:05Z' where application_id = $1 and username = 'bob'",
      [applicationId],
    );
    const { items, total } = await list();
    expect(total).toBe(1);
    expect(items).toEqual([
      expect.objectContaining({
        applicationId,
        projectName: "Project",
        environmentName: "Production",
        gatewayName: world.gatewayId,
        hosts: { first: hosts.toSorted().slice(0, 3), count: 4 },
        credentials: { count: 2, oldestPasswordChangedAt: "2026-01-02T03:04:05.000Z" },
      }),
    ]);
  });

  test("an application without anything in it has no host and no password", async () => {
    await application("Empty");
    expect((await list()).items[0]).toMatchObject({
      hosts: { first: [], count: 0 },
      credentials: { count: 0, oldestPasswordChangedAt: null },
    });
  });

  test("a change of the application, its credentials or its routes is its last change, and reading is not", async () => {
    const applicationId = await application("Wiki");
    const changedAt = async () => (await list()).items[0]?.changedAt;
    const at = async (now: string, change: () => Promise<unknown>) => {
      world.now = new Date(now);
      await change();
      world.now = null;
      return changedAt();
    };
    const { ok } = given(acme);
    expect(await at("2027-01-01T00:00:01.000Z", () => ok("applications.update", { applicationId, name: "Docs" }))).toBe(
      "2027-01-01T00:00:01.000Z",
    );
    expect(await at("2027-01-01T00:00:02.000Z", () => given(acme).credential(applicationId))).toBe(
      "2027-01-01T00:00:02.000Z",
    );
    const create = () => ok("routes.create", { applicationId, ...routeTo(unique("a")) });
    expect(await at("2027-01-01T00:00:03.000Z", create)).toBe("2027-01-01T00:00:03.000Z");
    expect(await at("2027-01-01T00:00:04.000Z", () => ok("applications.one", { applicationId }))).toBe(
      "2027-01-01T00:00:03.000Z",
    );
  });
});

describe("the filter of applications.list", () => {
  test("query finds a part of the name or of a host in any case, and takes % and _ as they are", async () => {
    const host = unique("handbook");
    await application("Wiki 100%_sure", { route: routeTo(host) });
    await application("ÄRZTE [a-z] \\d straße");
    await application("Other");
    expect(await names({ query: "wIKI" })).toEqual(["Wiki 100%_sure"]);
    expect(await names({ query: "0%_S" })).toEqual(["Wiki 100%_sure"]);
    expect(await names({ query: host.slice(2, 14).toUpperCase() })).toEqual(["Wiki 100%_sure"]);
    for (const query of ["ärzte", "Ärzte [a", "E [A-Z] \\D STRAß"]) {
      expect(await names({ query })).toEqual(["ÄRZTE [a-z] \\d straße"]);
    }
    for (const query of ["ä.zte", "ärzte a", "[ä]", "^ä", "ä*"]) {
      expect(await names({ query })).toEqual([]);
    }
    expect(await names({ query: "%" })).toEqual(["Wiki 100%_sure"]);
    expect(await names({ query: "W%i" })).toEqual([]);
    expect(await names({ query: "' or 1=1 --" })).toEqual([]);
    expect(await names({ query: "\\" })).toEqual(["ÄRZTE [a-z] \\d straße"]);
  });

  test("exposure and reason filter by what the gateway was seen to do, and total counts the filter", async () => {
    const sync = deliveredBy(world, world.gatewayId);
    const ids: string[] = [];
    for (const name of ["A", "B", "C"]) ids.push(await application(name, { route: routeTo(unique(name)) }));
    for (const id of ids) await given(acme).credential(id);
    await sync.deliver(5);
    await sync.load(5);
    await sync.state(acme.organizationId, ids[0] ?? "", 5, { proven: 5 });
    await sync.state(acme.organizationId, ids[1] ?? "", 5, { unproven: "passed" });
    await sync.state(acme.organizationId, ids[2] ?? "", 6, {});
    expect(await names({ exposure: ["protected"] })).toEqual(["A"]);
    expect(await names({ exposure: ["unknown", "public"] })).toEqual(["C", "B"]);
    expect(await names({ reason: ["passed"] })).toEqual(["B"]);
    expect(await names({ exposure: ["protected"], reason: ["passed"] })).toEqual([]);
    const page = await list({ exposure: ["unknown"], limit: 1 });
    expect([page.items.length, page.total]).toEqual([1, 2]);
    expect(await names({ sort: "exposure", order: "asc" })).toEqual(["B", "C", "A"]);
    for (const { exposure } of (await list({ exposure: ["unknown"] })).items) expect(exposure.state).toBe("unknown");
  });

  test("project, environment, gateway, access and the age of passwords each filter", async () => {
    const elsewhere = await insertEnvironment(world, acme);
    const other = await insertGateway(world.db, world.runtime);
    await world.db.asOwner("insert into organization_gateways values ($1, $2, now())", [acme.organizationId, other]);
    const old = await application("Old");
    await given(acme).credential(old);
    await world.db.asOwner(
      "update security set password_changed_at = now() - interval '91 days' where application_id = $1",
      [old],
    );
    await application("Elsewhere", { environmentId: elsewhere.environmentId });
    await application("Open", { access: "public-when-empty" });
    await application("Far", { gatewayId: other });
    expect(await names({ environmentId: elsewhere.environmentId })).toEqual(["Elsewhere"]);
    expect(await names({ projectId: elsewhere.projectId })).toEqual(["Elsewhere"]);
    expect(await names({ projectId: inserted.projectId, environmentId: elsewhere.environmentId })).toEqual([]);
    expect(await names({ access: "public-when-empty" })).toEqual(["Open"]);
    expect(await names({ gatewayId: other })).toEqual(["Far"]);
    expect(await names({ gatewayId: newId("gateway") })).toEqual([]);
    expect(await names({ credentialsOlderThanDays: 90 })).toEqual(["Old"]);
    expect(await names({ credentialsOlderThanDays: 92 })).toEqual([]);
  });

  test.each([
    ["query", ""],
    ["query", "a\u0000b"],
    ["query", "x".repeat(256)],
    ["query", 7],
    ["exposure", ["open"]],
    ["exposure", []],
    ["exposure", "public"],
    ["reason", ["' or 1=1 --"]],
    ["access", "public"],
    ["credentialsOlderThanDays", -1],
    ["credentialsOlderThanDays", 1e9],
    ["sort", "slug; drop table applications"],
    ["order", "ascending"],
    ["offset", -1],
    ["offset", 1e12],
    ["limit", 201],
  ])("refuses %s %j with 400", async (field, value) => {
    const refused = await acme.call("applications.list", { [field]: value });
    expect([refused.status, refused.error?.data.reason]).toEqual([400, "invalid_input"]);
  });
});

describe("the order of applications.list", () => {
  test("every order has windows by offset that together are the whole list, each application once", async () => {
    const ids: string[] = [];
    for (const name of ["b", "C", "a", "a", "D"]) ids.push(await application(name));
    for (const [at, days] of [3, 1, 2].entries()) {
      await given(acme).credential(ids[at] ?? "");
      await world.db.asOwner(
        `update security set password_changed_at = now() - interval '${days} days' where application_id = $1`,
        [ids[at]],
      );
    }
    for (const sort of ["name", "exposure", "changedAt", "oldestPassword", "createdAt"]) {
      for (const order of ["asc", "desc"]) {
        const collected: string[] = [];
        for (let offset = 0; offset < 6; offset += 2) {
          const { items, total, nextCursor } = await list({ sort, order, offset, limit: 2 });
          expect(total).toBe(5);
          if (sort !== "createdAt" || order === "asc" || offset > 0) expect(nextCursor).toBeNull();
          collected.push(...items.map(({ applicationId }) => applicationId));
        }
        expect(collected.toSorted(), `${sort} ${order}`).toEqual(ids.toSorted());
      }
    }
    expect(await names({ sort: "name", order: "asc" })).toEqual(["a", "a", "b", "C", "D"]);
    expect(await names({ sort: "name" })).toEqual(["D", "C", "b", "a", "a"]);
    expect(await names({ sort: "createdAt", order: "asc" })).toEqual(["b", "C", "a", "a", "D"]);
    expect((await names({ sort: "oldestPassword", order: "asc" })).slice(0, 3)).toEqual(["b", "a", "C"]);
    expect((await names({ sort: "oldestPassword" })).slice(0, 3)).toEqual(["C", "a", "b"]);
    expect(await list({ offset: 100 })).toEqual({ items: [], nextCursor: null, total: 5 });
  });

  test("a cursor with another order or with an offset is refused", async () => {
    const cursor = await application("Wiki");
    for (const input of [{ sort: "name" }, { order: "asc" }, { offset: 1 }]) {
      const refused = await acme.call("applications.list", { cursor, ...input });
      expect(refused.error?.data.fields).toEqual({ cursor: "cursor_is_for_the_default_order" });
    }
  });
});

describe("who sees what in applications.list", () => {
  test("another organization's applications are in no list, total, filter or name", async () => {
    await application("Secret wiki", { route: routeTo(unique("secret")) });
    const beta = await world.organization();
    for (const input of [
      {},
      { query: "secret" },
      { exposure: ["unknown", "closed"] },
      { gatewayId: world.gatewayId },
    ]) {
      expect(await list(input, beta.call)).toEqual({ items: [], nextCursor: null, total: 0 });
    }
    expect((await beta.call("applications.list", { projectId: inserted.projectId })).status).toBe(404);
  });

  test("a member of one project sees the applications of that project, in lists, totals and filters", async () => {
    const elsewhere = await insertEnvironment(world, acme);
    await application("Mine", { route: routeTo(unique("mine")) });
    await application("Theirs", { environmentId: elsewhere.environmentId, route: routeTo(unique("theirs")) });
    const person = await insertPerson(world);
    const memberId = await givenMember(world, acme.organizationId, person, null);
    await insertProjectRole(world, acme, memberId, inserted.projectId, "viewer");
    const { browser } = await givenSession(world, person);
    const { call } = browser;
    for (const input of [{}, { exposure: ["unknown", "closed"] }, { sort: "name" }, { query: "example" }]) {
      const { items, total } = await list(input, call);
      expect([items.map(({ name }) => name), total]).toEqual([["Mine"], 1]);
      expect(items[0]?.hosts?.count).toBe(1);
    }
    expect(await names({ projectId: inserted.projectId }, call)).toEqual(["Mine"]);
    expect((await call("applications.list", { projectId: elsewhere.projectId })).status).toBe(403);
    expect((await call("applications.list", { environmentId: elsewhere.environmentId })).status).toBe(403);
  });

  test("a caller without the right to read routes or credentials gets neither them nor a filter by them", async () => {
    const host = unique("hidden");
    const applicationId = await application("Wiki", { route: routeTo(host) });
    await given(acme).credential(applicationId);
    const { roleId } = await given(acme).ok<{ roleId: string }>("roles.create", {
      name: "Names only",
      permissions: ["application:read"],
    });
    const { key } = await given(acme).ok<{ key: string }>("keys.create", { name: "names", roleId });
    const call = world.callAs(key);
    expect((await list({}, call)).items[0]).toMatchObject({ name: "Wiki", hosts: null, credentials: null });
    expect(await names({ query: host }, call)).toEqual([]);
    expect(await names({ credentialsOlderThanDays: 0 }, call)).toEqual([]);
    expect(await names({ query: "wiki", sort: "oldestPassword" }, call)).toEqual(["Wiki"]);
  });
});
