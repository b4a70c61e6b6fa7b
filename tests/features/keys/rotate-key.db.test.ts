import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { apiKeys } from "#drizzle/api-keys";
import { members } from "#drizzle/members";
import { organizations } from "#drizzle/organizations";
import { callsOf, ok, reasonOf } from "#tests/support/call-response";
import { besideUncommitted, runsSideBySide } from "#tests/support/held-transaction";
import { deleteRows, readRows, updateRows } from "#tests/support/rows/table";
import { registerSecret } from "#tests/support/secrets";
import { type GivenOrganization, openWorld, type World } from "#tests/support/world";
import { type Colleague, colleague, type Key } from "./people-with-keys";

interface Rotated extends Key {
  readonly rotated: Key;
}

let world: World;
let acme: GivenOrganization;
let owner: Colleague;
const day = 86_400_000;

beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization();
  await updateRows(world.db.owner, organizations, {}, { maxKeysPerMember: 1000 });
  owner = await colleague(world, acme, "owner");
});
afterEach(() => {
  world.now = null;
});
afterAll(() => world.close());

async function createKey(input: Record<string, unknown> = {}): Promise<Key> {
  const created = await ok(owner.call<Key>("keys.create", { name: "deploy", role: "developer", ...input }));
  registerSecret(created.key);
  return created;
}
async function rotate(apiKeyId: string, overlapSeconds?: number): Promise<Rotated> {
  const created = await ok(owner.call<Rotated>("keys.rotate", { apiKeyId, overlapSeconds }));
  registerSecret(created.key);
  return created;
}

describe("rotation of a key (PO-25)", () => {
  test("both keys work during the overlap, responses to the old key contain its end, and then it is expired", async () => {
    const old = await createKey();
    const begin = Date.now();
    world.now = new Date(begin);
    const rotated = await rotate(old.apiKeyId, 600);
    const end = new Date(begin + 600_000).toISOString();
    expect(rotated.rotated).toMatchObject({ apiKeyId: old.apiKeyId, expiresAt: end, rotatedTo: rotated.apiKeyId });
    const [byOld, byNew] = [world.callAs(old.key), world.callAs(rotated.key)];
    for (const at of [begin, begin + 599_999]) {
      world.now = new Date(at);
      const answers = [await byOld("auth.session"), await byNew("auth.session")];
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
      expect(answers.map(({ headers }) => headers.get("x-api-key-expires-at"))).toEqual([end, null]);
    }
    world.now = new Date(end);
    expect(reasonOf(await byOld("auth.session"))).toEqual([401, "key_expired"]);
    expect((await byNew("auth.session")).status).toBe(200);
  });

  test("a change, a refusal and an invalid input with the old key also return the end of the overlap", async () => {
    const old = await createKey();
    const { rotated } = await rotate(old.apiKeyId, 600);
    const call = world.callAs(old.key);
    for (const [status, procedure, input] of [
      [200, "projects.create", { name: "Project" }],
      [403, "organizations.update", { name: "x" }],
      [404, "projects.one", { projectId: "prj_x" }],
      [400, "projects.create", { name: 5 }],
    ] as const) {
      const answer = await call(procedure, input);
      expect([answer.status, answer.headers.get("x-api-key-expires-at")]).toEqual([status, rotated.expiresAt]);
    }
  });

  test("the new key has the holder, the limits and the full lifetime of the old key", async () => {
    const old = await createKey({
      expiresAt: new Date(Date.now() + 10 * day).toISOString(),
      allowedIps: ["127.0.0.0/8"],
      requestsPerMinute: 40,
    });
    const ago = (days: number) => new Date(Date.now() - days * day);
    await updateRows(world.db.owner, apiKeys, { apiKeyId: old.apiKeyId }, { createdAt: ago(8), expiresAt: ago(-2) });
    world.now = new Date();
    const rotated = await rotate(old.apiKeyId);
    const { name, userId, role, allowedIps, requestsPerMinute, projectId } = old;
    expect(rotated).toMatchObject({ name, userId, role, allowedIps, requestsPerMinute, projectId, rotatedTo: null });
    expect(rotated.key).not.toBe(old.key);
    expect(Math.abs(Date.parse(rotated.expiresAt ?? "") - world.now.getTime() - 10 * day)).toBeLessThan(1_000);
    expect(Date.parse(rotated.rotated.expiresAt ?? "")).toBe(world.now.getTime() + day);
  });

  test("rotation never extends the old key, and the new key expires no later than the organization allows", async () => {
    const old = await createKey({ expiresAt: new Date(Date.now() + 60_000).toISOString() });
    expect((await rotate(old.apiKeyId, 2_592_000)).rotated.expiresAt).toBe(old.expiresAt);
    const long = await createKey({ expiresAt: new Date(Date.now() + 300 * day).toISOString() });
    await updateRows(world.db.owner, organizations, { organizationId: acme.organizationId }, { maxKeyDays: 30 });
    const { expiresAt, createdAt } = await rotate(long.apiKeyId);
    expect(Date.parse(expiresAt ?? "") - Date.parse(createdAt)).toBe(30 * day);
    await updateRows(world.db.owner, organizations, { organizationId: acme.organizationId }, { maxKeyDays: null });
  });

  test("without an overlap the old key expires at once", async () => {
    const old = await createKey();
    await rotate(old.apiKeyId, 0);
    expect(reasonOf(await world.callAs(old.key)("auth.session"))).toEqual([401, "key_expired"]);
  });

  test("only a live key can be rotated, and only once", async () => {
    const old = await createKey();
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => owner.call("keys.rotate", { apiKeyId: old.apiKeyId, overlapSeconds: 60 })),
    );
    expect(answers.map(reasonOf).sort()).toEqual([
      [200, undefined],
      [409, "already_rotated"],
      [409, "already_rotated"],
      [409, "already_rotated"],
    ]);
    const revoked = await createKey();
    await owner.call("keys.revoke", { apiKeyId: revoked.apiKeyId });
    expect(reasonOf(await owner.call("keys.rotate", { apiKeyId: revoked.apiKeyId }))).toEqual([409, "already_revoked"]);
    const expired = await createKey();
    await updateRows(world.db.owner, apiKeys, { apiKeyId: expired.apiKeyId }, { expiresAt: new Date() });
    expect(reasonOf(await owner.call("keys.rotate", { apiKeyId: expired.apiKeyId }))).toEqual([409, "already_expired"]);
    for (const overlapSeconds of [-1, 2_592_001, 0.5, "60", null]) {
      const answer = await owner.call("keys.rotate", { apiKeyId: old.apiKeyId, overlapSeconds });
      expect(reasonOf(answer), String(overlapSeconds)).toEqual([400, "invalid_input"]);
    }
  });

  test("a key can rotate itself but no other key, and a member cannot rotate a key above their role", async () => {
    const ownKey = await createKey();
    const other = await createKey();
    const call = world.callAs(ownKey.key);
    expect(reasonOf(await call("keys.rotate", { apiKeyId: other.apiKeyId }))).toEqual([403, "not_your_key"]);
    const answer = await call<Rotated>("keys.rotate", { apiKeyId: ownKey.apiKeyId, overlapSeconds: 60 });
    expect(answer.status).toBe(200);
    expect((await world.callAs(registerSecret(answer.data.key))("auth.session")).status).toBe(200);

    const holder = await colleague(world, acme, "admin");
    const { data } = await holder.call<Key>("keys.create", { name: "x", role: "admin" });
    await updateRows(world.db.owner, members, { memberId: holder.memberId }, { role: "developer" });
    expect(reasonOf(await holder.call("keys.rotate", { apiKeyId: data.apiKeyId }))).toEqual([403, "role_above_own"]);
  });

  test("a rotation by another key exceeds neither that key's limits nor its expiry (PO-23)", async () => {
    const { serviceAccountId } = await ok(
      owner.call<{ serviceAccountId: string }>("serviceAccounts.create", { name: "Deployer", role: "developer" }),
    );
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const limits = { allowedIps: ["192.0.2.0/24"], requestsPerMinute: 50 };
    const bounded = await createKey({ role: "admin", expiresAt, ...limits });
    const call = callsOf(world.handler, { key: bounded.key, ip: "192.0.2.7" });
    for (const wider of [{}, { ...limits, allowedIps: ["192.0.0.0/16"] }, { ...limits, requestsPerMinute: 51 }]) {
      const { apiKeyId } = await createKey({ serviceAccountId, ...wider });
      const answer = await call("keys.rotate", { apiKeyId });
      expect(reasonOf(answer), JSON.stringify(wider)).toEqual([403, "above_making_key"]);
      expect((await ok(owner.call<Key>("keys.one", { apiKeyId }))).rotatedTo).toBeNull();
    }
    const { apiKeyId } = await createKey({ serviceAccountId, allowedIps: ["192.0.2.9"], requestsPerMinute: 50 });
    const rotated = await ok(call<Rotated>("keys.rotate", { apiKeyId }));
    registerSecret(rotated.key);
    expect(rotated).toMatchObject({ allowedIps: ["192.0.2.9"], requestsPerMinute: 50, expiresAt });
    const itself = await ok(call<Rotated>("keys.rotate", { apiKeyId: bounded.apiKeyId }));
    registerSecret(itself.key);
    expect(itself).toMatchObject(limits);
    expect(Date.parse(itself.expiresAt ?? "")).toBeGreaterThanOrEqual(Date.parse(expiresAt));
  });

  test.runIf(runsSideBySide())("a rotation by a member who is being removed creates no key (PO-22)", async () => {
    const removed = await colleague(world, acme, "developer");
    const { apiKeyId } = await removed.key("developer");
    const late = await besideUncommitted(
      world,
      acme.organizationId,
      (tx) => deleteRows(tx, members, { memberId: removed.memberId }),
      () => removed.call("keys.rotate", { apiKeyId }),
    );
    expect(reasonOf(late)).toEqual([403, "no_organization"]);
    const keys = await readRows(world.db.owner, apiKeys, { userId: removed.userId });
    expect(keys).toHaveLength(1);
  });

  test("a rotation is audited without the keys", async () => {
    const old = await createKey();
    const rotated = await rotate(old.apiKeyId, 60);
    const answer = await acme.call<{ items: { changed: Record<string, unknown> }[] }>("audit.list", {
      objectId: old.apiKeyId,
      action: "keys.rotate",
    });
    expect(answer.data.items[0]?.changed).toMatchObject({
      rotatedTo: rotated.apiKeyId,
      expiresAt: [old.expiresAt, rotated.rotated.expiresAt],
    });
    for (const secret of [old.key, rotated.key]) expect(answer.text).not.toContain(secret);
  });
});
