import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { auditEntries } from "#drizzle/audit";
import { members } from "#drizzle/members";
import { serviceAccounts } from "#drizzle/roles";
import { newId } from "#src/platform/ids";
import { ok, reasonOf } from "#tests/support/call-response";
import { insertEnvironment } from "#tests/support/environment";
import { besideUncommitted, runsSideBySide } from "#tests/support/held-transaction";
import { roleRows } from "#tests/support/rows/roles";
import { deleteRows, readRows } from "#tests/support/rows/table";
import { registerSecret } from "#tests/support/secrets";
import { type GivenOrganization, given, openWorld, type World } from "#tests/support/world";
import { type Colleague, colleague, type Key } from "../keys/people-with-keys";

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
  const created = await ok(by.call<Key>("keys.create", { name: "ci", role: "developer", serviceAccountId, ...input }));
  registerSecret(created.key);
  return created;
}

describe("service accounts (PO-23)", () => {
  test("a service account acts with its own keys and remains when its creator leaves", async () => {
    const creator = await colleague(world, acme, "admin");
    const created = await account(creator);
    const key = await keyOf(creator, created);
    expect(key).toMatchObject({ userId: null, serviceAccountId: created.serviceAccountId });
    const personal = await ok(creator.call<Key>("keys.create", { name: "own", role: "developer" }));
    await deleteRows(world.db.owner, members, { memberId: creator.memberId });
    expect(reasonOf(await world.callAs(registerSecret(personal.key))("auth.session"))).toEqual([
      401,
      "key_holder_left",
    ]);
    const call = world.callAs(key.key);
    expect((await call("projects.create", { name: "Later" })).status).toBe(200);
    const session = await call<{ principal: Record<string, unknown> }>("auth.session");
    expect(session.data.principal).toMatchObject({ serviceAccountId: created.serviceAccountId, userId: null });
    const [entry] = await readRows(
      world.db.owner,
      auditEntries,
      { action: "projects.create", apiKeyId: key.apiKeyId },
      ["actorKind", "actorId", "apiKeyId"],
    );
    expect(entry).toEqual({
      actorKind: "serviceAccount",
      actorId: created.serviceAccountId,
      apiKeyId: key.apiKeyId,
    });
  });

  test("a service account can do what its current role and the key allow", async () => {
    const created = await account(owner, { role: "admin" });
    const call = world.callAs((await keyOf(owner, created, { role: "admin" })).key);
    const rename = () => call("organizations.update", { name: "Renamed" });
    expect((await rename()).status).toBe(200);
    const at = { serviceAccountId: created.serviceAccountId };
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

  test("only admins can create, read, change and delete a service account, and its keys are deleted with it", async () => {
    const developer = await colleague(world, acme, "developer");
    const created = await account(admin);
    const at = { serviceAccountId: created.serviceAccountId };
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
    expect(items.map(({ serviceAccountId }) => serviceAccountId)).toContain(created.serviceAccountId);

    const key = await keyOf(admin, created);
    const listed = await ok(admin.call<{ items: Key[] }>("keys.list", at));
    expect(listed.items.map(({ apiKeyId }) => apiKeyId)).toEqual([key.apiKeyId]);
    expect((await world.callAs(key.key)("auth.session")).status).toBe(200);
    await ok(admin.call("serviceAccounts.delete", at));
    expect(reasonOf(await world.callAs(key.key)("auth.session"))).toEqual([401, "key_unknown"]);
    expect((await admin.call("serviceAccounts.one", at)).status).toBe(404);
    const { data } = await acme.call<{ items: { action: string; outcome: string; changed: unknown }[] }>("audit.list", {
      objectId: created.serviceAccountId,
    });
    const done = data.items.filter(({ outcome }) => outcome === "done");
    expect(done.map(({ action }) => action)).toEqual([
      "serviceAccounts.delete",
      "serviceAccounts.update",
      "serviceAccounts.create",
    ]);
    expect(done[0]?.changed).toMatchObject({ name: "renamed", keys: 1 });
    expect(done[1]?.changed).toEqual({ name: [created.name, "renamed"] });
  });

  test("the name of a service account is unique in its organization", async () => {
    const created = await account(admin);
    expect(reasonOf(await admin.call("serviceAccounts.create", { name: created.name, role: "viewer" }))).toEqual([
      409,
      "name_taken",
    ]);
    const other = await account(admin);
    const rename = { serviceAccountId: other.serviceAccountId, name: created.name };
    expect(reasonOf(await admin.call("serviceAccounts.update", rename))).toEqual([409, "name_taken"]);
    const beta = await world.organization();
    expect((await beta.call("serviceAccounts.create", { name: created.name, role: "viewer" })).status).toBe(200);
  });

  test("a key of a service account can rotate itself, and an admin can rotate every key of the account", async () => {
    const created = await account(admin);
    const [ownKey, other] = [await keyOf(admin, created), await keyOf(admin, created)];
    const call = world.callAs(ownKey.key);
    expect(reasonOf(await call("keys.rotate", { apiKeyId: other.apiKeyId }))).toEqual([403, "forbidden"]);
    const rotated = await call<Key>("keys.rotate", { apiKeyId: ownKey.apiKeyId });
    expect(rotated.data).toMatchObject({ serviceAccountId: created.serviceAccountId, userId: null });
    registerSecret(rotated.data.key);
    const byAdmin = await ok(admin.call<Key>("keys.rotate", { apiKeyId: other.apiKeyId }));
    expect((await world.callAs(registerSecret(byAdmin.key))("auth.session")).status).toBe(200);
  });

  test("a service account can create its own keys, up to the organization's limit", async () => {
    const created = await account(admin);
    const call = world.callAs((await keyOf(admin, created)).key);
    const child = await call<Key>("keys.create", { name: "child", role: "viewer" });
    expect(child.data.serviceAccountId).toBe(created.serviceAccountId);
    registerSecret(child.data.key);
    for (let at = 0; at < 8; at++) expect((await call("keys.create", { name: "x", role: "viewer" })).status).toBe(200);
    expect(reasonOf(await call("keys.create", { name: "x", role: "viewer" }))).toEqual([409, "too_many_keys"]);
  });
});

describe("privilege escalation by a service account", () => {
  test("an admin cannot give a service account more than the admin has, nor change one that has more", async () => {
    expect(reasonOf(await admin.call("serviceAccounts.create", { name: "x", role: "owner" }))).toEqual([
      403,
      "role_above_own",
    ]);
    const created = await account(admin);
    const at = { serviceAccountId: created.serviceAccountId };
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

  test("a key can never have a role above its service account, even if the account is promoted later", async () => {
    const created = await account(owner, { role: "viewer" });
    const input = { name: "x", role: "owner", serviceAccountId: created.serviceAccountId };
    expect(reasonOf(await owner.call("keys.create", input))).toEqual([403, "role_above_account"]);
  });

  test("keys of a service account cannot promote it, and a key with few scopes cannot create keys for it", async () => {
    const created = await account(owner, { role: "owner" });
    const at = { serviceAccountId: created.serviceAccountId };
    const callByAdminKey = world.callAs((await keyOf(owner, created, { role: "admin" })).key);
    expect(reasonOf(await callByAdminKey("serviceAccounts.update", { ...at, role: "admin" }))).toEqual([
      403,
      "role_above_own",
    ]);
    const callByScopedKey = world.callAs(
      (await keyOf(owner, created, { role: undefined, scopes: ["key:create", "project:read"] })).key,
    );
    expect(reasonOf(await callByScopedKey("keys.create", { ...at, name: "x", scopes: ["project:read"] }))).toEqual([
      403,
      "forbidden",
    ]);
  });
});

test("operations on service accounts accept no field except a name and a role (mass assignment)", async () => {
  const created = await account(admin);
  const at = { serviceAccountId: created.serviceAccountId };
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
  const { projectId } = await insertEnvironment(world, acme);
  expect(reasonOf(await owner.call("serviceAccounts.update", { ...at, projectId }))).toEqual([400, "invalid_input"]);
});

test("a service account or role of another organization returns 404 like an unknown id", async () => {
  const beta = await world.organization();
  const foreign = await given(beta).ok<Account>("serviceAccounts.create", { name: "ci", role: "viewer" });
  const { roleId } = await roleRows.insert(world.db.owner, { organizationId: beta.organizationId });
  const mine = await account(owner);
  for (const unknownId of [foreign.serviceAccountId, newId("serviceAccount")]) {
    for (const procedure of ["serviceAccounts.one", "serviceAccounts.update", "serviceAccounts.delete"]) {
      const input = { serviceAccountId: unknownId, ...(procedure.endsWith("update") ? { name: "x" } : {}) };
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

test("creating a key fails if its service account is deleted at the same time", async (context) => {
  if (!runsSideBySide()) return context.skip("one transaction at a time");
  const created = await account(owner);
  const late = await besideUncommitted(
    world,
    acme.organizationId,
    (tx) => deleteRows(tx, serviceAccounts, { serviceAccountId: created.serviceAccountId }),
    () => owner.call("keys.create", { name: "x", role: "viewer", serviceAccountId: created.serviceAccountId }),
  );
  expect(reasonOf(late)).toEqual([404, "not_found"]);
});
