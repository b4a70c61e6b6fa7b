import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { apiKeys } from "#drizzle/api-keys";
import { auditEntries } from "#drizzle/audit";
import { members } from "#drizzle/members";
import { organizations } from "#drizzle/organizations";
import { type Role, roles } from "#src/access/permissions";
import { ok, reasonOf } from "#tests/support/call-response";
import { insertEnvironment } from "#tests/support/environment";
import { besideUncommitted, runsSideBySide } from "#tests/support/held-transaction";
import { keyRows } from "#tests/support/rows/keys";
import { projectRoleRows } from "#tests/support/rows/members";
import { deleteRows, readRows, updateRows } from "#tests/support/rows/table";
import { registerSecret } from "#tests/support/secrets";
import { type GivenOrganization, given, openWorld, type World } from "#tests/support/world";
import { type Colleague, colleague, type Key } from "./people-with-keys";

let world: World;
let acme: GivenOrganization;
let owner: Colleague;
let admin: Colleague;
let developer: Colleague;
let viewer: Colleague;

beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization();
  [owner, admin, developer, viewer] = await Promise.all([
    colleague(world, acme, "owner"),
    colleague(world, acme, "admin"),
    colleague(world, acme, "developer"),
    colleague(world, acme, "viewer"),
  ]);
});
afterAll(() => world.close());

async function createKey(caller: Colleague, input: Record<string, unknown> = {}): Promise<Key> {
  const created = await ok(caller.call<Key>("keys.create", { name: "ci", role: "viewer", ...input }));
  registerSecret(created.key);
  return created;
}
const setRole = (caller: Colleague, role: Role) =>
  updateRows(world.db.owner, members, { memberId: caller.memberId }, { role });
const revoke = (caller: Colleague, { apiKeyId }: { apiKeyId: string }) => caller.call<Key>("keys.revoke", { apiKeyId });

describe("keys of a person (TM-24, TM-25)", () => {
  test("developers and above can create keys, but never with a role above their own", async () => {
    for (const [rank, [ownRole, caller]] of Object.entries({ viewer, developer, admin, owner }).entries()) {
      for (const [wanted, role] of roles.entries()) {
        const answer = await caller.call<Key>("keys.create", { name: "ci", role });
        const refusal = ownRole === "viewer" ? [403, "forbidden"] : [403, "role_above_own"];
        expect(reasonOf(answer), `${ownRole} creates ${role}`).toEqual(
          ownRole === "viewer" || wanted > rank ? refusal : [200, undefined],
        );
        if (answer.status === 200) {
          expect(answer.data.userId).toBe(caller.userId);
          expect((await revoke(caller, answer.data)).status).toBe(200);
        }
      }
    }
  });

  test("a developer can read, rename and revoke each of their keys, and no key of another developer", async () => {
    const [created, kept] = [await createKey(developer), await createKey(developer)];
    const other = await colleague(world, acme, "developer");
    for (const procedure of ["keys.one", "keys.update", "keys.rotate", "keys.revoke", "keys.delete"]) {
      const answer = await other.call(procedure, { apiKeyId: created.apiKeyId });
      expect(reasonOf(answer), procedure).toEqual([403, procedure === "keys.rotate" ? "not_your_key" : "forbidden"]);
    }
    const at = { apiKeyId: created.apiKeyId };
    expect((await ok(developer.call<Key>("keys.one", at))).name).toBe("ci");
    expect((await ok(developer.call<Key>("keys.update", { ...at, name: "laptop" }))).name).toBe("laptop");
    expect((await revoke(developer, created)).data.revokedAt).toEqual(expect.any(String));
    expect(reasonOf(await world.callAs(created.key)("auth.session"))).toEqual([401, "key_revoked"]);
    expect((await world.callAs(kept.key)("auth.session")).status).toBe(200);
    await revoke(developer, kept);
  });

  test("keys.list returns their own keys to a developer and all keys to an admin", async () => {
    const mine = await createKey(developer);
    const theirs = await createKey(admin);
    const listed = async (caller: Colleague) =>
      (await ok(caller.call<{ items: Key[] }>("keys.list", { limit: 200 }))).items.map(({ apiKeyId }) => apiKeyId);
    expect(await listed(developer)).toContain(mine.apiKeyId);
    expect(await listed(developer)).not.toContain(theirs.apiKeyId);
    expect(await listed(admin)).toEqual(expect.arrayContaining([mine.apiKeyId, theirs.apiKeyId]));
    expect(await listed(viewer)).toEqual([]);
    await Promise.all([revoke(developer, mine), revoke(admin, theirs)]);
  });

  test("a member who may no longer create keys can still revoke one", async () => {
    const former = await colleague(world, acme, "developer");
    const created = await createKey(former);
    await setRole(former, "viewer");
    expect(reasonOf(await former.call("keys.create", { name: "x", role: "viewer" }))).toEqual([403, "forbidden"]);
    expect(reasonOf(await former.call("keys.rotate", { apiKeyId: created.apiKeyId }))).toEqual([403, "forbidden"]);
    expect((await revoke(former, created)).status).toBe(200);
  });

  test("a key with few scopes cannot touch other keys of its holder, but can revoke itself", async () => {
    const other = await createKey(owner);
    const { key, apiKeyId } = await owner.key(null, { scopes: ["security:read"] });
    const call = world.callAs(key);
    for (const procedure of ["keys.one", "keys.update", "keys.revoke", "keys.rotate"]) {
      expect(reasonOf(await call(procedure, { apiKeyId: other.apiKeyId })), procedure).toEqual([403, "key_scope"]);
    }
    expect((await call("keys.one", { apiKeyId })).status).toBe(200);
    expect(reasonOf(await call("keys.update", { apiKeyId, allowedIps: null }))).toEqual([403, "key_scope"]);
    expect((await call("keys.revoke", { apiKeyId })).status).toBe(200);
    expect(reasonOf(await call("auth.session"))).toEqual([401, "key_revoked"]);
    await revoke(owner, other);
  });
});

describe("keys that can do more than the caller", () => {
  test("an admin cannot revoke, change or rotate an owner's key that can do more than an admin", async () => {
    const strong = await createKey(owner, { role: "owner" });
    const at = { apiKeyId: strong.apiKeyId };
    expect(reasonOf(await admin.call("keys.revoke", at))).toEqual([403, "key_above_own"]);
    expect(reasonOf(await admin.call("keys.delete", at))).toEqual([403, "key_above_own"]);
    expect(reasonOf(await admin.call("keys.update", { ...at, allowedIps: null }))).toEqual([403, "key_above_own"]);
    expect(reasonOf(await admin.call("keys.rotate", at))).toEqual([403, "not_your_key"]);
    expect((await world.callAs(strong.key)("auth.session")).status).toBe(200);
    const audited = await readRows(world.db.owner, auditEntries, {
      objectId: strong.apiKeyId,
      outcome: "refused",
      reason: "key_above_own",
    });
    expect(audited).toHaveLength(3);
    await revoke(owner, strong);
  });

  test("a member cannot change or revoke the key of a member who can do more in a project", async () => {
    const { ok: okByHost } = given(acme);
    const { projectId } = await insertEnvironment(world, acme);
    const permissions = ["key:list", "key:read", "key:update", "key:delete"];
    const { roleId } = await okByHost<{ roleId: string }>("roles.create", { name: "Keys", permissions });
    const [clerk, worker] = [await colleague(world, acme, "viewer"), await colleague(world, acme, null)];
    await okByHost("members.update", { memberId: clerk.memberId, roleId });
    await okByHost("members.setProjectRole", { memberId: worker.memberId, projectId, role: "developer" });
    const strong = await worker.key("developer");
    const weak = await worker.key(null, { scopes: ["key:list"] });
    const { apiKeyId } = strong;
    expect(reasonOf(await clerk.call("keys.update", { apiKeyId, allowedIps: null }))).toEqual([403, "key_above_own"]);
    expect(reasonOf(await revoke(clerk, strong))).toEqual([403, "key_above_own"]);
    expect((await revoke(clerk, weak)).status).toBe(200);
    await okByHost("members.setProjectRole", { memberId: clerk.memberId, projectId, role: "developer" });
    expect((await revoke(clerk, strong)).status).toBe(200);
  });

  test("an admin cannot change, revoke or rotate a key of the host that can do what an owner can", async () => {
    const { data } = await acme.call<Key>("keys.create", { name: "host", role: "owner" });
    for (const procedure of ["keys.revoke", "keys.update", "keys.rotate"]) {
      const reason = procedure === "keys.rotate" ? "role_above_own" : "key_above_own";
      expect(reasonOf(await admin.call(procedure, { apiKeyId: data.apiKeyId })), procedure).toEqual([403, reason]);
    }
    expect((await revoke(owner, data)).status).toBe(200);
  });

  test("an admin can revoke an owner's key that can currently do no more than an admin", async () => {
    const weak = await createKey(owner, { role: "admin" });
    expect((await revoke(admin, weak)).status).toBe(200);
    const former = await colleague(world, acme, "owner");
    const strong = await createKey(former, { role: "owner" });
    expect(reasonOf(await revoke(admin, strong))).toEqual([403, "key_above_own"]);
    await setRole(former, "developer");
    expect((await revoke(admin, strong)).status).toBe(200);
  });

  test("an admin key cannot revoke a stronger key of the same owner", async () => {
    const strong = await createKey(owner, { role: "owner" });
    const weak = await createKey(owner, { role: "admin" });
    expect(reasonOf(await world.callAs(weak.key)("keys.revoke", { apiKeyId: strong.apiKeyId }))).toEqual([
      403,
      "key_above_own",
    ]);
    await Promise.all([revoke(owner, strong), revoke(owner, weak)]);
  });
});

describe("permissions of a key at the time of use (TM-27)", () => {
  test("a key loses and regains permissions with the role of its holder, at the next request", async () => {
    const holder = await colleague(world, acme, "developer");
    const call = world.callAs((await createKey(holder, { role: "developer" })).key);
    expect((await call("projects.create", { name: "Before" })).status).toBe(200);
    await setRole(holder, "viewer");
    expect(reasonOf(await call("projects.create", { name: "After" }))).toEqual([403, "forbidden"]);
    expect((await call("projects.list")).status).toBe(200);
    await setRole(holder, "owner");
    expect((await call("projects.create", { name: "Again" })).status).toBe(200);
    expect(reasonOf(await call("organizations.update", { name: "Not with this key" }))).toEqual([403, "key_scope"]);
  });

  test("a key stops working at its next request when its holder leaves the organization (PO-22)", async () => {
    const holder = await colleague(world, acme, "owner");
    const call = world.callAs((await createKey(holder, { role: "owner" })).key);
    expect((await call("auth.session")).status).toBe(200);
    await deleteRows(world.db.owner, members, { memberId: holder.memberId });
    expect(reasonOf(await call("auth.session"))).toEqual([401, "key_holder_left"]);
    expect(reasonOf(await call("projects.create", { name: "After" }))).toEqual([401, "key_holder_left"]);
  });
});

describe("number of keys of a member (TM-26)", () => {
  const live = async (caller: Colleague) =>
    (await ok(caller.call<{ items: Key[] }>("keys.list", { limit: 200 }))).items.filter(
      ({ userId, revokedAt }) => userId === caller.userId && revokedAt === null,
    );

  test("a member can have ten live keys; revoked and expired keys do not count, and rotation needs no free place", async () => {
    const holder = await colleague(world, acme, "developer");
    const created: Key[] = [];
    for (let at = 0; at < 10; at++) created.push(await createKey(holder));
    const oneMore = () => holder.call<Key>("keys.create", { name: "eleventh", role: "viewer" });
    expect(reasonOf(await oneMore())).toEqual([409, "too_many_keys"]);
    expect((await admin.call("keys.create", { name: "another", role: "viewer" })).status).toBe(200);

    await revoke(holder, created[0] as Key);
    expect((await oneMore()).status).toBe(200);
    expect(reasonOf(await oneMore())).toEqual([409, "too_many_keys"]);
    await updateRows(
      world.db.owner,
      apiKeys,
      { apiKeyId: created[1]?.apiKeyId ?? "" },
      { expiresAt: new Date(Date.now() - 1_000) },
    );
    expect((await oneMore()).status).toBe(200);
    expect((await holder.call("keys.rotate", { apiKeyId: created[2]?.apiKeyId })).status).toBe(200);
    expect(reasonOf(await oneMore())).toEqual([409, "too_many_keys"]);
    await revoke(holder, created[3] as Key);
    expect((await oneMore()).status).toBe(200);
  });

  test("the organization's limit of keys for each member also holds for concurrent creations", async () => {
    const small = await world.organization();
    await updateRows(world.db.owner, organizations, { organizationId: small.organizationId }, { maxKeysPerMember: 3 });
    const holder = await colleague(world, small, "developer");
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, at) => holder.call("keys.create", { name: `at once ${at}`, role: "viewer" })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 409, 409, 409, 409, 409]);
    expect(await live(holder)).toHaveLength(3);
  });

  test("a key creation waits for a concurrent one, which counts towards the limit", async (context) => {
    if (!runsSideBySide()) return context.skip("one transaction at a time");
    const small = await world.organization();
    await updateRows(world.db.owner, organizations, { organizationId: small.organizationId }, { maxKeysPerMember: 1 });
    const holder = await colleague(world, small, "developer");
    const late = await besideUncommitted(
      world,
      small.organizationId,
      async (tx) => {
        await tx.execute(sql`select 1 from members where user_id = ${holder.userId} for no key update`);
        const { organizationId } = small;
        await keyRows.insert(tx, { organizationId, userId: holder.userId, role: "viewer" });
      },
      () => holder.call("keys.create", { name: "second", role: "viewer" }),
    );
    expect(reasonOf(late)).toEqual([409, "too_many_keys"]);
  });
});

describe("members of projects only", () => {
  test("a member of one project can create and list keys of that project only, up to their role there", async () => {
    const { projectId, environmentId } = await insertEnvironment(world, acme);
    const otherPlace = await insertEnvironment(world, acme);
    const member = await colleague(world, acme, null);
    await projectRoleRows.insert(world.db.owner, {
      projectRoleId: `prr_${member.memberId.slice(4)}`,
      organizationId: acme.organizationId,
      projectId,
      memberId: member.memberId,
      role: "developer",
    });
    const create = (input: Record<string, unknown>) => member.call<Key>("keys.create", { name: "ci", ...input });
    expect(reasonOf(await create({ role: "viewer" }))).toEqual([403, "forbidden"]);
    expect(reasonOf(await create({ role: "viewer", projectId: otherPlace.projectId }))).toEqual([403, "forbidden"]);
    expect(reasonOf(await create({ role: "admin", projectId }))).toEqual([403, "role_above_own"]);
    const created = await ok(create({ role: "developer", projectId }));
    const call = world.callAs(registerSecret(created.key));
    expect((await call("applications.create", { environmentId, name: "Wiki" })).status).toBe(200);
    expect(
      reasonOf(await call("applications.create", { environmentId: otherPlace.environmentId, name: "Wiki" })),
    ).toEqual([403, "forbidden"]);
    expect(reasonOf(await member.call("keys.list"))).toEqual([403, "forbidden"]);
    const { items } = await ok(member.call<{ items: Key[] }>("keys.list", { projectId }));
    expect(items.map(({ apiKeyId }) => apiKeyId)).toEqual([created.apiKeyId]);
    expect((await revoke(member, created)).status).toBe(200);
  });
});
