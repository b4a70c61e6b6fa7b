import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { apiKeys } from "#drizzle/api-keys";
import { auditEntries } from "#drizzle/audit";
import { projects } from "#drizzle/projects";
import { roles } from "#src/access/permissions";
import { type Call, reasonOf } from "#tests/support/call-response";
import { besideUncommitted, runsSideBySide } from "#tests/support/held-transaction";
import { readRows, updateRows } from "#tests/support/rows/table";
import { registerSecret } from "#tests/support/secrets";
import { type GivenOrganization, given, openWorld, type World } from "#tests/support/world";

interface Key {
  readonly apiKeyId: string;
  readonly key: string;
  readonly role: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  readonly lastUsedAt: string | null;
}

let world: World;
let acme: GivenOrganization;

beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization();
});
afterAll(() => world.close());

async function create(input: Record<string, unknown> = {}): Promise<Key> {
  const created = await given(acme).ok<Key>("keys.create", { name: "ci", role: "viewer", ...input });
  registerSecret(created.key);
  return created;
}
const day = 24 * 60 * 60 * 1000;

test("a key is in one response only, works at once, and only its SHA-256 is stored", async () => {
  const created = await create();
  expect((await world.callAs(created.key)("auth.session")).status).toBe(200);
  const [row] = await readRows(world.db.owner, apiKeys, { apiKeyId: created.apiKeyId });
  expect(row?.hash).toBe(createHash("sha256").update(created.key).digest("hex"));
  const at = { apiKeyId: created.apiKeyId };
  const answers = [
    await acme.call("keys.one", at),
    await acme.call("keys.list"),
    await acme.call("keys.update", { ...at, name: "renamed" }),
    await acme.call("keys.delete", at),
    await acme.call("audit.list", { objectId: created.apiKeyId }),
  ];
  for (const { status, text } of answers) {
    expect(status).toBe(200);
    for (const secret of [created.key, String(row?.hash)]) expect(text).not.toContain(secret);
  }
  expect(world.log()).not.toContain(created.key);
});

test("a key cannot create a key with a role above its own", async () => {
  for (const [at, ownRole] of roles.entries()) {
    const call = world.callAs(await acme.key(ownRole));
    for (const [wanted, role] of roles.entries()) {
      const answer = await call<Key>("keys.create", { name: "ci", role });
      const expected =
        ownRole === "viewer" ? [403, "key_scope"] : wanted > at ? [403, "role_above_own"] : [200, undefined];
      expect(reasonOf(answer), `${ownRole} creates ${role}`).toEqual(expected);
    }
  }
  const refused = await readRows(world.db.owner, auditEntries, {
    organizationId: acme.organizationId,
    action: "keys.create",
    reason: "role_above_own",
  });
  expect(refused).toHaveLength(3);
});

describe("expiry of a key", () => {
  test("a key expires after 90 days by default, and its expiry must be in the future", async () => {
    const created = await create();
    expect(Math.abs(Date.parse(created.expiresAt ?? "") - Date.now() - 90 * day)).toBeLessThan(60_000);
    const explicit = await create({ expiresAt: "2999-01-01T02:00:00+02:00" });
    expect(explicit.expiresAt).toBe("2999-01-01T00:00:00.000Z");
    const past = await acme.call("keys.create", { name: "x", role: "viewer", expiresAt: "2020-01-01T00:00:00Z" });
    expect(reasonOf(past)).toEqual([400, "expires_in_the_past"]);
    for (const expiresAt of ["soon", "2999-01-01", "", null, 5, "+010000-01-01T00:00:00Z"]) {
      const refused = await acme.call("keys.create", { name: "x", role: "viewer", expiresAt });
      expect(reasonOf(refused), String(expiresAt)).toEqual([400, "invalid_input"]);
    }
    const late = await acme.call("keys.create", { name: "x", role: "viewer", expiresAt: "9999-12-31T23:59:59-10:00" });
    expect(reasonOf(late)).toEqual([400, "invalid_input"]);
  });

  test("a key is refused from the moment of its expiry, and the attempt is audited", async () => {
    const created = await create({ expiresAt: new Date(Date.now() + day).toISOString() });
    const call = world.callAs(created.key);
    expect((await call("auth.session")).status).toBe(200);
    world.now = new Date(Date.parse(created.expiresAt ?? "") - 1);
    expect((await call("auth.session")).status).toBe(200);
    world.now = new Date(created.expiresAt ?? "");
    expect(reasonOf(await call("auth.session"))).toEqual([401, "key_expired"]);
    world.now = null;
    const entries = await readRows(world.db.owner, auditEntries, { apiKeyId: created.apiKeyId, reason: "key_expired" });
    expect(entries).toHaveLength(1);
  });
});

describe("revocation of a key", () => {
  test("a revoked key is refused at its next request, stays listed and keeps the time of its first revocation", async () => {
    const created = await create({ role: "admin" });
    const call = world.callAs(created.key);
    expect((await call("projects.create", { name: "Before" })).status).toBe(200);
    const revoked = await given(acme).ok<Key>("keys.delete", { apiKeyId: created.apiKeyId });
    expect(revoked.revokedAt).toEqual(expect.any(String));
    expect(reasonOf(await call("projects.create", { name: "After" }))).toEqual([401, "key_revoked"]);
    expect(reasonOf(await call("auth.session"))).toEqual([401, "key_revoked"]);
    const again = await given(acme).ok<Key>("keys.delete", { apiKeyId: created.apiKeyId });
    expect(again.revokedAt).toBe(revoked.revokedAt);
    const { items } = await given(acme).ok<{ items: Key[] }>("keys.list", { limit: 200 });
    expect(items.find(({ apiKeyId }) => apiKeyId === created.apiKeyId)?.revokedAt).toBe(revoked.revokedAt);
  });

  test("a key can revoke itself, which is its last request", async () => {
    const created = await create({ role: "owner" });
    const call = world.callAs(created.key);
    expect((await call("keys.delete", { apiKeyId: created.apiKeyId })).status).toBe(200);
    expect(reasonOf(await call("auth.session"))).toEqual([401, "key_revoked"]);
  });

  test("a request that has not written yet fails when its key is revoked", async (context) => {
    if (!runsSideBySide()) return context.skip("one transaction at a time");
    const created = await create({ role: "owner" });
    const call: Call = world.callAs(created.key);
    const { projectId } = await given(acme).ok<{ projectId: string }>("projects.create", { name: "Held" });
    const late = await besideUncommitted(
      world,
      acme.organizationId,
      async (tx) => {
        await updateRows(tx, projects, { projectId }, { name: "Held" });
        await updateRows(tx, apiKeys, { apiKeyId: created.apiKeyId }, { revokedAt: new Date() });
      },
      () => call("projects.delete", { projectId }),
    );
    expect(reasonOf(late)).toEqual([401, "key_revoked"]);
    expect((await acme.call("projects.one", { projectId })).status).toBe(200);
  });
});

test("a key of another organization returns 404", async () => {
  const created = await create();
  const beta = await world.organization();
  for (const procedure of ["keys.one", "keys.update", "keys.delete"]) {
    expect((await beta.call(procedure, { apiKeyId: created.apiKeyId, name: "x" })).status, procedure).toBe(404);
  }
  expect((await world.callAs(created.key)("auth.session")).status).toBe(200);
});

test("the last use of a key is recorded", async () => {
  const created = await create();
  expect(created.lastUsedAt).toBeNull();
  const lastUsed = async () => (await given(acme).ok<Key>("keys.one", { apiKeyId: created.apiKeyId })).lastUsedAt;
  expect(await lastUsed()).toBeNull();
  await world.callAs(created.key)("auth.session");
  await expect.poll(lastUsed).toEqual(expect.any(String));
});

test("a use more than a minute after the recorded one replaces it (TM-28)", async () => {
  const { key, apiKeyId } = await create();
  const lastUsed = async () => (await given(acme).ok<Key>("keys.one", { apiKeyId })).lastUsedAt;
  try {
    const first = Date.now();
    for (const at of [new Date(first), new Date(first + 60_001)]) {
      world.now = at;
      await world.callAs(key)("auth.session");
      await expect.poll(lastUsed).toBe(at.toISOString());
    }
  } finally {
    world.now = null;
  }
});

test("a revocation is audited with the key's name and its actor (DK-22)", async () => {
  const { apiKeyId } = await create({ name: "to be revoked" });
  await given(acme).ok("keys.revoke", { apiKeyId });
  const entries = await readRows(world.db.owner, auditEntries, { objectId: apiKeyId, action: "keys.revoke" }, [
    "action",
    "outcome",
    "objectId",
    "objectName",
    "actorKind",
  ]);
  expect(entries).toEqual([
    { action: "keys.revoke", outcome: "done", objectId: apiKeyId, objectName: "to be revoked", actorKind: "apiKey" },
  ]);
});
