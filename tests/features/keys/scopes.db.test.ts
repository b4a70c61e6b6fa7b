import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { organizations } from "#drizzle/organizations";
import { roles } from "#drizzle/roles";
import { levelOf, permissions } from "#src/access/permissions";
import { newId } from "#src/platform/ids";
import { type Call, callsOf, ok, reasonOf } from "#tests/support/call-response";
import { insertEnvironment, type ProjectAndEnvironment } from "#tests/support/environment";
import { roleRows } from "#tests/support/rows/roles";
import { updateRows } from "#tests/support/rows/table";
import { registerSecret } from "#tests/support/secrets";
import { type GivenOrganization, given, openWorld, type World } from "#tests/support/world";
import { type Colleague, colleague, type Key } from "./people-with-keys";

let world: World;
let acme: GivenOrganization;
let owner: Colleague;
let inserted: ProjectAndEnvironment;
let other: ProjectAndEnvironment;

beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization();
  await updateRows(world.db.owner, organizations, {}, { maxKeysPerMember: 1000 });
  owner = await colleague(world, acme, "owner");
  [inserted, other] = [await insertEnvironment(world, acme), await insertEnvironment(world, acme)];
});
afterAll(() => world.close());

const createKey = async (call: Colleague["call"] | Call, input: Record<string, unknown>): Promise<Key> => {
  const created = await ok<Key>(call<Key>("keys.create", { name: "ci", ...input }));
  registerSecret(created.key);
  return created;
};
const customRole = async (rolePermissions: string[], { organizationId } = acme): Promise<string> => {
  const { roleId } = await roleRows.insert(world.db.owner, { organizationId, permissions: rolePermissions });
  return roleId;
};

describe("scopes (PO-23)", () => {
  test("a key can do what its scopes say, and anything else returns 403 key_scope", async () => {
    const { environmentId } = inserted;
    const call = world.callAs((await createKey(owner.call, { scopes: ["application:create", "project:read"] })).key);
    expect((await call("applications.create", { environmentId, name: "Wiki" })).status).toBe(200);
    expect((await call("projects.list")).status).toBe(200);
    for (const [procedure, input] of [
      ["applications.list", {}],
      ["keys.create", { name: "x", scopes: ["project:read"] }],
      ["keys.list", {}],
      ["organizations.delete", { organizationId: acme.organizationId }],
    ] as const) {
      expect(reasonOf(await call(procedure, input)), procedure).toEqual([403, "key_scope"]);
    }
    const session = await call<{ permissions: string[] }>("auth.session");
    expect(session.data.permissions.sort()).toEqual(["application:create", "project:read"]);
  });

  test("a scope must be a grantable permission that the caller has", async () => {
    for (const scopes of [["project:fly"], ["account:read"], ["account:update"], ["project:read", "x:y"]]) {
      expect(reasonOf(await owner.call("keys.create", { name: "x", scopes })), scopes.join()).toEqual([
        400,
        "unknown_scope",
      ]);
    }
    for (const scopes of [[], ["*"], ["project"], "project:read", [1], ["constructor:x".repeat(10)]]) {
      expect(reasonOf(await owner.call("keys.create", { name: "x", scopes })), JSON.stringify(scopes)).toEqual([
        400,
        "invalid_input",
      ]);
    }
    const developer = await colleague(world, acme, "developer");
    for (const scope of permissions.filter((permission) => levelOf(permission) !== "person")) {
      const mayGrant = (await developer.call<{ permissions: string[] }>("auth.session")).data.permissions.includes(
        scope,
      );
      const answer = await developer.call("keys.create", { name: "x", scopes: [scope] });
      expect(reasonOf(answer), scope).toEqual(mayGrant ? [200, undefined] : [403, "role_above_own"]);
    }
  });

  test("exactly one of scopes, role and roleId is required to create a key", async () => {
    const roleId = await customRole(["project:read"]);
    for (const input of [
      {},
      { role: "viewer", scopes: ["project:read"] },
      { role: "viewer", roleId },
      { roleId, scopes: ["project:read"] },
    ]) {
      const answer = await owner.call("keys.create", { name: "x", ...input });
      expect(reasonOf(answer), JSON.stringify(input)).toEqual([400, "invalid_input"]);
    }
  });
});

describe("keys with a custom role", () => {
  test("a key follows its custom role at every request, never exceeds its holder and never uses a foreign role", async () => {
    const developer = await colleague(world, acme, "developer");
    const roleId = await customRole(["project:read", "project:create"]);
    const created = await createKey(developer.call, { roleId });
    const call = world.callAs(created.key);
    expect((await call("projects.create", { name: "By role" })).status).toBe(200);
    await updateRows(world.db.owner, roles, { roleId }, { permissions: ["project:read", "organization:delete"] });
    expect(reasonOf(await call("projects.create", { name: "By role" }))).toEqual([403, "key_scope"]);
    const { organizationId } = acme;
    expect(reasonOf(await call("organizations.delete", { organizationId }))).toEqual([403, "forbidden"]);
    expect(reasonOf(await developer.call("keys.create", { name: "x", roleId }))).toEqual([403, "role_above_own"]);

    const beta = await world.organization();
    const foreign = await customRole(["project:read"], beta);
    for (const unknownId of [foreign, newId("role")]) {
      expect(reasonOf(await owner.call("keys.create", { name: "x", roleId: unknownId }))).toEqual([404, "not_found"]);
    }
  });
});

describe("keys of one project", () => {
  test("a project key works in its project, but not in other projects or at the organization", async () => {
    const created = await createKey(owner.call, { role: "admin", projectId: inserted.projectId });
    const call = world.callAs(created.key);
    const create = (environmentId: string) => call("applications.create", { environmentId, name: "Wiki" });
    expect((await create(inserted.environmentId)).status).toBe(200);
    expect(reasonOf(await create(other.environmentId))).toEqual([403, "key_scope"]);
    expect(reasonOf(await call("projects.create", { name: "x" }))).toEqual([403, "key_scope"]);
    const listed = await call<{ items: { projectId: string }[] }>("projects.list");
    expect(listed.data.items.map(({ projectId }) => projectId)).toEqual([inserted.projectId]);
    await given(acme).application({ environmentId: other.environmentId });
    const seen = await call<{ items: { projectId: string }[] }>("applications.list");
    expect(new Set(seen.data.items.map(({ projectId }) => projectId))).toEqual(new Set([inserted.projectId]));
    expect(reasonOf(await call("environments.list"))).toEqual([403, "key_scope"]);
    expect((await call("projects.one", { projectId: inserted.projectId })).status).toBe(200);
    expect((await call("auth.session")).status).toBe(200);
    const child = { name: "child", role: "developer" };
    expect(reasonOf(await call("keys.create", child))).toEqual([403, "key_scope"]);
    expect(reasonOf(await call("keys.create", { ...child, projectId: other.projectId }))).toEqual([403, "key_scope"]);
    expect((await call("keys.create", { ...child, projectId: inserted.projectId })).status).toBe(200);
  });

  test("a key for a project of another organization or for an unknown project returns 404", async () => {
    const foreign = await insertEnvironment(world, await world.organization());
    for (const projectId of [foreign.projectId, newId("project")]) {
      const answer = await owner.call("keys.create", { name: "x", role: "viewer", projectId });
      expect(reasonOf(answer)).toEqual([404, "not_found"]);
      expect(reasonOf(await owner.call("keys.list", { projectId }))).toEqual([404, "not_found"]);
    }
  });
});

describe("keys created by a key", () => {
  test("a key created by a key can do no more than that key, even if its holder can", async () => {
    const parent = await createKey(owner.call, { scopes: ["key:create", "project:read"] });
    const call = world.callAs(parent.key);
    expect(reasonOf(await call("keys.create", { name: "x", scopes: ["project:create"] }))).toEqual([
      403,
      "role_above_own",
    ]);
    expect(reasonOf(await call("keys.create", { name: "x", role: "viewer" }))).toEqual([403, "role_above_own"]);
    const child = await createKey(call, { scopes: ["project:read"] });
    expect(child.userId).toBe(owner.userId);
    expect((await world.callAs(child.key)("projects.list")).status).toBe(200);
  });

  test("a key created by a key has no later expiry, no other addresses and no higher request limit", async () => {
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const parent = await createKey(owner.call, {
      role: "owner",
      expiresAt,
      allowedIps: ["10.0.0.0/8", "203.0.113.9"],
      requestsPerMinute: 50,
    });
    const call = callsOf(world.handler, { key: parent.key, ip: "10.1.2.3" });
    const child = await createKey(call, { role: "viewer" });
    expect(child).toMatchObject({ expiresAt, allowedIps: ["10.0.0.0/8", "203.0.113.9"], requestsPerMinute: 50 });
    const narrow = { role: "viewer", allowedIps: ["10.1.0.0/16"], requestsPerMinute: 5 };
    expect(await createKey(call, narrow)).toMatchObject(narrow);
    const attempt = async (input: Record<string, unknown>) =>
      reasonOf(await call("keys.create", { name: "x", role: "viewer", ...input }));
    expect(await attempt({ expiresAt: new Date(Date.parse(expiresAt) + 1).toISOString() })).toEqual([
      400,
      "expires_too_late",
    ]);
    expect(await attempt({ allowedIps: ["0.0.0.0/0"] })).toEqual([403, "above_making_key"]);
    expect(await attempt({ allowedIps: ["10.0.0.0/7"] })).toEqual([403, "above_making_key"]);
    expect(await attempt({ allowedIps: ["10.1.2.3", "203.0.113.8"] })).toEqual([403, "above_making_key"]);
    expect(await attempt({ requestsPerMinute: 51 })).toEqual([403, "above_making_key"]);
  });
});

describe("addresses from which a key may be used", () => {
  test("a key is refused from other addresses with key_ip_refused, and its last accepted address is recorded", async () => {
    const created = await createKey(owner.call, { role: "viewer", allowedIps: ["198.51.100.0/24", "2001:db8::/32"] });
    const lastUsedIp = async () => (await ok(owner.call<Key>("keys.one", { apiKeyId: created.apiKeyId }))).lastUsedIp;
    expect((await callsOf(world.handler, { key: created.key, ip: "198.51.100.7" })("auth.session")).status).toBe(200);
    // The address is stored shortly after the response; later uses in the same minute do not change it.
    await expect.poll(lastUsedIp).toBe("198.51.100.7");
    for (const ip of ["2001:db8::1", "::ffff:198.51.100.9"]) {
      expect((await callsOf(world.handler, { key: created.key, ip })("auth.session")).status, ip).toBe(200);
    }
    for (const ip of ["198.51.101.7", "127.0.0.1", "2001:db9::1", "::1"]) {
      const answer = await callsOf(world.handler, { key: created.key, ip })("auth.session");
      expect(reasonOf(answer), ip).toEqual([401, "key_ip_refused"]);
    }
    const forged = callsOf(world.handler, {
      key: created.key,
      ip: "192.0.2.1",
      headers: { "x-forwarded-for": "198.51.100.7" },
    });
    expect(reasonOf(await forged("auth.session"))).toEqual([401, "key_ip_refused"]);
    expect(await lastUsedIp()).toBe("198.51.100.7");
  });

  test("a key that may update keys cannot set limits wider than its own, not even for itself (PO-23)", async () => {
    const limits = { allowedIps: ["192.0.2.0/24"], requestsPerMinute: 50 };
    const clerk = await createKey(owner.call, { scopes: ["key:read", "key:update", "project:read"], ...limits });
    const other = await createKey(owner.call, { scopes: ["project:read"], allowedIps: ["192.0.2.1"] });
    const call = callsOf(world.handler, { key: clerk.key, ip: "192.0.2.7" });
    for (const { apiKeyId } of [other, clerk]) {
      for (const wider of [
        { allowedIps: null },
        { allowedIps: ["0.0.0.0/0"] },
        { requestsPerMinute: null },
        { requestsPerMinute: 51 },
      ]) {
        const answer = await call("keys.update", { apiKeyId, ...wider });
        expect(reasonOf(answer), JSON.stringify(wider)).toEqual([403, "above_making_key"]);
      }
      expect((await call("keys.update", { apiKeyId, name: "renamed" })).status).toBe(200);
      const narrower = { allowedIps: ["192.0.2.0/28"], requestsPerMinute: 40 };
      expect(await ok(call<Key>("keys.update", { apiKeyId, ...narrower }))).toMatchObject(narrower);
    }
  });

  test("allowedIps accepts addresses and networks, and the holder of the key can change them", async () => {
    for (const allowedIps of [["10.0.0.0/33"], ["10.1"], ["a::b::c"], ["1.2.3.4/x"]]) {
      const answer = await owner.call("keys.create", { name: "x", role: "viewer", allowedIps });
      expect(answer.status, allowedIps.join()).toBe(400);
    }
    const { apiKeyId, key } = await createKey(owner.call, { role: "viewer", allowedIps: ["192.0.2.1"] });
    const wrong = await owner.call("keys.update", { apiKeyId, allowedIps: ["192.0.2.1", "10.0.0.0/33"] });
    expect(reasonOf(wrong)).toEqual([400, "not_a_network"]);
    const call = world.callAs(key);
    expect(reasonOf(await call("auth.session"))).toEqual([401, "key_ip_refused"]);
    expect((await ok(owner.call<Key>("keys.update", { apiKeyId, allowedIps: null }))).allowedIps).toBeNull();
    expect((await call("auth.session")).status).toBe(200);
    expect((await owner.call("keys.update", { apiKeyId, allowedIps: ["192.0.2.1"] })).status).toBe(200);
    expect(reasonOf(await call("auth.session"))).toEqual([401, "key_ip_refused"]);
    const { data } = await acme.call<{ items: { changed: unknown }[] }>("audit.list", {
      objectId: apiKeyId,
      action: "keys.update",
      outcome: "done",
    });
    expect(data.items.map(({ changed }) => changed)).toEqual([
      { allowedIps: [null, ["192.0.2.1"]] },
      { allowedIps: [["192.0.2.1"], null] },
    ]);
  });
});

test("the last use of a key is recorded at most once a minute", async () => {
  const { apiKeyId, key } = await createKey(owner.call, { role: "viewer" });
  const used = async () => (await ok(owner.call<Key>("keys.one", { apiKeyId }))).lastUsedAt;
  await callsOf(world.handler, { key, ip: "192.0.2.1" })("auth.session");
  await expect.poll(used).toEqual(expect.any(String));
  const first = await used();
  await callsOf(world.handler, { key, ip: "192.0.2.2" })("auth.session");
  await callsOf(world.handler, { key, ip: "192.0.2.3" })("auth.session");
  const row = await ok(owner.call<Key>("keys.one", { apiKeyId }));
  expect([row.lastUsedAt, row.lastUsedIp]).toEqual([first, "192.0.2.1"]);
});

test("an invalid key returns 401 even with a valid session, and a valid key needs no CSRF token (TM-32..34)", async () => {
  const wrong = `pcl_${"0".repeat(72)}`;
  const answer = await owner.call("projects.create", { name: "x" }, { "x-api-key": wrong });
  expect([answer.status, answer.error.data.reason]).toEqual([401, "key_unknown"]);
  const { key } = await createKey(owner.call, { role: "developer" });
  expect((await world.callAs(key)("projects.create", { name: "x" })).status).toBe(200);
});

describe("mass assignment", () => {
  test.each(["organizationId", "userId", "hash", "key", "createdAt", "revokedAt", "lastUsedAt", "rotatedTo", "holder"])(
    "no operation on keys accepts %s as input",
    async (field) => {
      const { apiKeyId } = await createKey(owner.call, { role: "viewer" });
      for (const [procedure, input] of [
        ["keys.create", { name: "x", role: "viewer" }],
        ["keys.update", { apiKeyId, name: "x" }],
        ["keys.rotate", { apiKeyId }],
        ["keys.revoke", { apiKeyId }],
        ["keys.list", {}],
        ["keys.one", { apiKeyId }],
      ] as const) {
        const answer = await owner.call(procedure, { ...input, [field]: acme.organizationId });
        expect(reasonOf(answer), procedure).toEqual([400, "invalid_input"]);
      }
    },
  );

  test.each(["role", "roleId", "scopes", "projectId", "serviceAccountId", "expiresAt"])(
    "%s of a key cannot be changed",
    async (field) => {
      const { apiKeyId } = await createKey(owner.call, { role: "viewer" });
      for (const procedure of ["keys.update", "keys.rotate"]) {
        const answer = await owner.call(procedure, { apiKeyId, [field]: "owner" });
        expect(reasonOf(answer), procedure).toEqual([400, "invalid_input"]);
      }
    },
  );
});

test("every operation on keys treats a foreign key, account, project or role like an unknown id", async () => {
  const beta = await world.organization();
  const { projectId } = await insertEnvironment(world, beta);
  const roleId = await customRole(["project:read"], beta);
  const { apiKeyId } = await given(beta).ok<Key>("keys.create", { name: "x", role: "viewer" });
  const { serviceAccountId } = await given(beta).ok<{ serviceAccountId: string }>("serviceAccounts.create", {
    name: "ci",
    role: "viewer",
  });
  for (const [procedure, input, unknown] of [
    ["keys.one", { apiKeyId }, { apiKeyId: newId("apiKey") }],
    ["keys.update", { apiKeyId, name: "x" }, { apiKeyId: newId("apiKey"), name: "x" }],
    ["keys.rotate", { apiKeyId }, { apiKeyId: newId("apiKey") }],
    ["keys.revoke", { apiKeyId }, { apiKeyId: newId("apiKey") }],
    ["keys.delete", { apiKeyId }, { apiKeyId: newId("apiKey") }],
    [
      "keys.create",
      { name: "x", role: "viewer", projectId },
      { name: "x", role: "viewer", projectId: newId("project") },
    ],
    ["keys.create", { name: "x", roleId }, { name: "x", roleId: newId("role") }],
    [
      "keys.create",
      { name: "x", role: "viewer", serviceAccountId },
      { name: "x", role: "viewer", serviceAccountId: newId("serviceAccount") },
    ],
  ] as const) {
    const [answer, reference] = [await acme.call(procedure, input), await acme.call(procedure, unknown)];
    expect(answer.status, procedure).toBe(404);
    const withoutIds = (text: string) => text.replaceAll(/[a-z]{3}_[0-7][0-9a-hjkmnp-tv-z]{25}/g, "ID");
    expect(withoutIds(answer.text)).toBe(withoutIds(reference.text));
  }
  const listed = await acme.call<{ items: Key[] }>("keys.list", { serviceAccountId });
  expect(listed.data.items).toEqual([]);
});
