import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newId } from "../../../src/platform/ids";
import { besideUncommitted, runsSideBySide } from "../../support/held-transaction";
import { insertPlace } from "../../support/place";
import { registerSecret } from "../../support/secrets";
import { type GivenOrganization, given, openWorld, type World } from "../../support/world";
import { type Colleague, colleague, type Key, ok, reasonOf } from "../keys/people-with-keys";

interface Account {
  readonly serviceAccountId: string;
  readonly name: string;
  readonly role: string | null;
  readonly roleId: string | null;
}

let world: World;
let acme: GivenOrganization;
let owner: Colleague;
let admin: Colleague;
let next = 0;

beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization();
  [owner, admin] = await Promise.all([colleague(world, acme, "owner"), colleague(world, acme, "admin")]);
});
afterAll(() => world.close());

const account = (by: Colleague, input: Record<string, unknown> = {}) =>
  ok(by.call<Account>("serviceAccounts.create", { name: `ci ${next++}`, role: "developer", ...input }));
async function keyOf(by: Colleague, { serviceAccountId }: Account, input: Record<string, unknown> = {}): Promise<Key> {
  const made = await ok(by.call<Key>("keys.create", { name: "ci", role: "developer", serviceAccountId, ...input }));
  registerSecret(made.key);
  return made;
}

describe("a service account (PO-23)", () => {
  test("acts with its own keys and outlives whoever made it", async () => {
    const maker = await colleague(world, acme, "admin");
    const made = await account(maker);
    const key = await keyOf(maker, made);
    expect(key).toMatchObject({ userId: null, serviceAccountId: made.serviceAccountId });
    const own = await ok(maker.call<Key>("keys.create", { name: "own", role: "developer" }));
    await world.db.asOwner(`delete from members where member_id = $1`, [maker.memberId]);
    expect(reasonOf(await world.callAs(registerSecret(own.key))("auth.session"))).toEqual([401, "key_holder_left"]);
    const call = world.callAs(key.key);
    expect((await call("projects.create", { name: "Later" })).status).toBe(200);
    const session = await call<{ principal: Record<string, unknown> }>("auth.session");
    expect(session.data.principal).toMatchObject({ serviceAccountId: made.serviceAccountId, userId: null });
    const [entry] = await world.db.asOwner(
      `select actor_kind, actor_id, api_key_id from audit_entries where action = 'projects.create' and api_key_id = $1`,
      [key.apiKeyId],
    );
    expect(entry).toEqual({
      actor_kind: "serviceAccount",
      actor_id: made.serviceAccountId,
      api_key_id: key.apiKeyId,
    });
  });

  test("can do what its role says now, whatever its keys were made for", async () => {
    const made = await account(owner, { role: "admin" });
    const call = world.callAs((await keyOf(owner, made, { role: "admin" })).key);
    const rename = () => call("organizations.update", { name: "Renamed" });
    expect((await rename()).status).toBe(200);
    const at = { serviceAccountId: made.serviceAccountId };
    await ok(owner.call("serviceAccounts.update", { ...at, role: "viewer" }));
    expect(reasonOf(await rename())).toEqual([403, "forbidden"]);
    expect((await call("projects.list")).status).toBe(200);
    await ok(owner.call("serviceAccounts.update", { ...at, role: "owner" }));
    expect((await rename()).status).toBe(200);
    expect(reasonOf(await call("organizations.delete", { organizationId: acme.organizationId }))).toEqual([
      403,
      "key_scope",
    ]);
  });

  test("is made, renamed, listed and removed by admins alone; its keys go with it", async () => {
    const developer = await colleague(world, acme, "developer");
    const made = await account(admin);
    const at = { serviceAccountId: made.serviceAccountId };
    for (const [procedure, input] of [
      ["serviceAccounts.create", { name: "x", role: "viewer" }],
      ["serviceAccounts.one", at],
      ["serviceAccounts.list", {}],
      ["serviceAccounts.update", { ...at, name: "x" }],
      ["serviceAccounts.delete", at],
      ["keys.create", { ...at, name: "x", role: "viewer" }],
    ] as const) {
      expect(reasonOf(await developer.call(procedure, input)), procedure).toEqual([403, "forbidden"]);
    }
    expect(await ok(admin.call<Account>("serviceAccounts.update", { ...at, name: "renamed" }))).toMatchObject({
      ...at,
      name: "renamed",
      role: "developer",
    });
    expect(await ok(admin.call<Account>("serviceAccounts.one", at))).toMatchObject({ name: "renamed" });
    const { items } = await ok(admin.call<{ items: Account[] }>("serviceAccounts.list", { limit: 200 }));
    expect(items.map(({ serviceAccountId }) => serviceAccountId)).toContain(made.serviceAccountId);

    const key = await keyOf(admin, made);
    const listed = await ok(admin.call<{ items: Key[] }>("keys.list", at));
    expect(listed.items.map(({ apiKeyId }) => apiKeyId)).toEqual([key.apiKeyId]);
    expect((await world.callAs(key.key)("auth.session")).status).toBe(200);
    await ok(admin.call("serviceAccounts.delete", at));
    expect(reasonOf(await world.callAs(key.key)("auth.session"))).toEqual([401, "key_unknown"]);
    expect((await admin.call("serviceAccounts.one", at)).status).toBe(404);
    const { data } = await acme.call<{ items: { action: string; outcome: string; changed: unknown }[] }>("audit.list", {
      objectId: made.serviceAccountId,
    });
    const done = data.items.filter(({ outcome }) => outcome === "done");
    expect(done.map(({ action }) => action)).toEqual([
      "serviceAccounts.delete",
      "serviceAccounts.update",
      "serviceAccounts.create",
    ]);
    expect(done[0]?.changed).toMatchObject({ name: "renamed", keys: 1 });
    expect(done[1]?.changed).toEqual({ name: [made.name, "renamed"] });
  });

  test("has a name of its own in its organization", async () => {
    const made = await account(admin);
    expect(reasonOf(await admin.call("serviceAccounts.create", { name: made.name, role: "viewer" }))).toEqual([
      409,
      "name_taken",
    ]);
    const other = await account(admin);
    const rename = { serviceAccountId: other.serviceAccountId, name: made.name };
    expect(reasonOf(await admin.call("serviceAccounts.update", rename))).toEqual([409, "name_taken"]);
    const beta = await world.organization();
    expect((await beta.call("serviceAccounts.create", { name: made.name, role: "viewer" })).status).toBe(200);
  });

  test("rotates its own key, and admins any of its keys", async () => {
    const made = await account(admin);
    const [own, other] = [await keyOf(admin, made), await keyOf(admin, made)];
    const call = world.callAs(own.key);
    expect(reasonOf(await call("keys.rotate", { apiKeyId: other.apiKeyId }))).toEqual([403, "forbidden"]);
    const rotated = await call<Key>("keys.rotate", { apiKeyId: own.apiKeyId });
    expect(rotated.data).toMatchObject({ serviceAccountId: made.serviceAccountId, userId: null });
    registerSecret(rotated.data.key);
    const byAdmin = await ok(admin.call<Key>("keys.rotate", { apiKeyId: other.apiKeyId }));
    expect((await world.callAs(registerSecret(byAdmin.key))("auth.session")).status).toBe(200);
  });

  test("makes keys of its own, no more than what the organization says", async () => {
    const made = await account(admin);
    const call = world.callAs((await keyOf(admin, made)).key);
    const child = await call<Key>("keys.create", { name: "child", role: "viewer" });
    expect(child.data.serviceAccountId).toBe(made.serviceAccountId);
    registerSecret(child.data.key);
    for (let at = 0; at < 8; at++) expect((await call("keys.create", { name: "x", role: "viewer" })).status).toBe(200);
    expect(reasonOf(await call("keys.create", { name: "x", role: "viewer" }))).toEqual([409, "too_many_keys"]);
  });
});

describe("privilege escalation by a service account", () => {
  test("an admin gives one no more than they have, nor touches one that has more", async () => {
    expect(reasonOf(await admin.call("serviceAccounts.create", { name: "x", role: "owner" }))).toEqual([
      403,
      "role_above_own",
    ]);
    const made = await account(admin);
    const at = { serviceAccountId: made.serviceAccountId };
    expect(reasonOf(await admin.call("serviceAccounts.update", { ...at, role: "owner" }))).toEqual([
      403,
      "role_above_own",
    ]);
    const strong = await account(owner, { role: "owner" });
    const key = await keyOf(owner, strong, { role: "owner" });
    const above = { serviceAccountId: strong.serviceAccountId };
    for (const [procedure, input] of [
      ["serviceAccounts.update", { ...above, role: "viewer" }],
      ["serviceAccounts.update", { ...above, name: "taken over" }],
      ["serviceAccounts.delete", above],
      ["keys.create", { ...above, name: "x", role: "owner" }],
      ["keys.rotate", { apiKeyId: key.apiKeyId }],
    ] as const) {
      expect(reasonOf(await admin.call(procedure, input)), procedure).toEqual([403, "role_above_own"]);
    }
    expect(reasonOf(await admin.call("keys.revoke", { apiKeyId: key.apiKeyId }))).toEqual([403, "key_above_own"]);
    expect((await world.callAs(key.key)("auth.session")).status).toBe(200);
  });

  test("a key of one is never above the account, so that a later promotion gives nothing away", async () => {
    const made = await account(owner, { role: "viewer" });
    const ask = { name: "x", role: "owner", serviceAccountId: made.serviceAccountId };
    expect(reasonOf(await owner.call("keys.create", ask))).toEqual([403, "role_above_account"]);
  });

  test("its keys do not change the account, and a key of few scopes makes none of it", async () => {
    const made = await account(owner, { role: "owner" });
    const at = { serviceAccountId: made.serviceAccountId };
    const admins = world.callAs((await keyOf(owner, made, { role: "admin" })).key);
    expect(reasonOf(await admins("serviceAccounts.update", { ...at, role: "admin" }))).toEqual([403, "role_above_own"]);
    const few = world.callAs(
      (await keyOf(owner, made, { role: undefined, scopes: ["key:create", "project:read"] })).key,
    );
    expect(reasonOf(await few("keys.create", { ...at, name: "x", scopes: ["project:read"] }))).toEqual([
      403,
      "forbidden",
    ]);
  });
});

test("mass assignment: nothing but a name and a role goes in", async () => {
  const made = await account(admin);
  const at = { serviceAccountId: made.serviceAccountId };
  for (const field of ["organizationId", "createdAt", "userId", "permissions", "keys"]) {
    for (const [procedure, input] of [
      ["serviceAccounts.create", { name: "x", role: "viewer" }],
      ["serviceAccounts.update", { ...at, name: "x" }],
      ["serviceAccounts.delete", at],
    ] as const) {
      const answer = await owner.call(procedure, { ...input, [field]: acme.organizationId });
      expect(reasonOf(answer), `${procedure} ${field}`).toEqual([400, "invalid_input"]);
    }
  }
  for (const input of [{}, { role: "viewer", roleId: newId("role") }, { role: "root" }]) {
    expect(reasonOf(await owner.call("serviceAccounts.create", { name: "x", ...input }))).toEqual([
      400,
      "invalid_input",
    ]);
  }
  const { projectId } = await insertPlace(world, acme);
  expect(reasonOf(await owner.call("serviceAccounts.update", { ...at, projectId }))).toEqual([400, "invalid_input"]);
});

test("another organization's account or role is an id that is nobody's", async () => {
  const beta = await world.organization();
  const foreign = await given(beta).ok<Account>("serviceAccounts.create", { name: "ci", role: "viewer" });
  const roleId = newId("role");
  await world.db.asOwner(
    `insert into roles (role_id, organization_id, name, permissions, created_at) values ($1, $2, 'r', '{project:read}', now())`,
    [roleId, beta.organizationId],
  );
  const mine = await account(owner);
  for (const nobodys of [foreign.serviceAccountId, newId("serviceAccount")]) {
    for (const procedure of ["serviceAccounts.one", "serviceAccounts.update", "serviceAccounts.delete"]) {
      const input = { serviceAccountId: nobodys, ...(procedure.endsWith("update") ? { name: "x" } : {}) };
      expect(reasonOf(await owner.call(procedure, input)), procedure).toEqual([404, "not_found"]);
    }
  }
  for (const [procedure, input] of [
    ["serviceAccounts.create", { name: "x", roleId }],
    ["serviceAccounts.update", { serviceAccountId: mine.serviceAccountId, roleId }],
  ] as const) {
    expect(reasonOf(await owner.call(procedure, input)), procedure).toEqual([404, "not_found"]);
  }
});

test("a key that is being made while its account is removed is not left behind", async (context) => {
  if (!runsSideBySide()) return context.skip("one transaction at a time");
  const made = await account(owner);
  const late = await besideUncommitted(
    world,
    acme.organizationId,
    (tx) => tx.execute(sql`delete from service_accounts where service_account_id = ${made.serviceAccountId}`),
    () => owner.call("keys.create", { name: "x", role: "viewer", serviceAccountId: made.serviceAccountId }),
  );
  expect(reasonOf(late)).toEqual([404, "not_found"]);
});
