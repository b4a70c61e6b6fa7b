import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { roles } from "../../../src/access/permissions";
import { newId } from "../../../src/platform/ids";
import { besideUncommitted, runsSideBySide } from "../../support/held-transaction";
import { insertPlace } from "../../support/place";
import { registerSecret } from "../../support/secrets";
import { type GivenOrganization, given, openWorld, type World } from "../../support/world";
import { type Colleague, colleague, type Key, ok, reasonOf } from "./people-with-keys";

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

async function make(who: Colleague, input: Record<string, unknown> = {}): Promise<Key> {
  const made = await ok(who.call<Key>("keys.create", { name: "ci", role: "viewer", ...input }));
  registerSecret(made.key);
  return made;
}
const setRole = (who: Colleague, role: string) =>
  world.db.asOwner(`update members set role = $1 where member_id = $2`, [role, who.memberId]);
const revoke = (who: Colleague, { apiKeyId }: { apiKeyId: string }) => who.call<Key>("keys.revoke", { apiKeyId });

describe("a key of one's own (TM-24, TM-25)", () => {
  test("is made by developers and above, never above what they have", async () => {
    for (const [rank, [own, who]] of Object.entries({ viewer, developer, admin, owner }).entries()) {
      for (const [wanted, role] of roles.entries()) {
        const answer = await who.call<Key>("keys.create", { name: "ci", role });
        const refusal = own === "viewer" ? [403, "forbidden"] : [403, "role_above_own"];
        expect(reasonOf(answer), `${own} makes ${role}`).toEqual(
          own === "viewer" || wanted > rank ? refusal : [200, undefined],
        );
        if (answer.status === 200) {
          expect(answer.data.userId).toBe(who.userId);
          expect((await revoke(who, answer.data)).status).toBe(200);
        }
      }
    }
  });

  test("is seen, renamed and revoked by whoever holds it, one alone, and by no other developer", async () => {
    const [made, kept] = [await make(developer), await make(developer)];
    const other = await colleague(world, acme, "developer");
    for (const procedure of ["keys.one", "keys.update", "keys.rotate", "keys.revoke", "keys.delete"]) {
      const answer = await other.call(procedure, { apiKeyId: made.apiKeyId });
      expect(reasonOf(answer), procedure).toEqual([403, procedure === "keys.rotate" ? "not_your_key" : "forbidden"]);
    }
    const at = { apiKeyId: made.apiKeyId };
    expect((await ok(developer.call<Key>("keys.one", at))).name).toBe("ci");
    expect((await ok(developer.call<Key>("keys.update", { ...at, name: "laptop" }))).name).toBe("laptop");
    expect((await revoke(developer, made)).data.revokedAt).toEqual(expect.any(String));
    expect(reasonOf(await world.callAs(made.key)("auth.session"))).toEqual([401, "key_revoked"]);
    expect((await world.callAs(kept.key)("auth.session")).status).toBe(200);
    await revoke(developer, kept);
  });

  test("is listed to its holder, and all of them to an admin", async () => {
    const mine = await make(developer);
    const theirs = await make(admin);
    const listed = async (who: Colleague) =>
      (await ok(who.call<{ items: Key[] }>("keys.list", { limit: 200 }))).items.map(({ apiKeyId }) => apiKeyId);
    expect(await listed(developer)).toContain(mine.apiKeyId);
    expect(await listed(developer)).not.toContain(theirs.apiKeyId);
    expect(await listed(admin)).toEqual(expect.arrayContaining([mine.apiKeyId, theirs.apiKeyId]));
    expect(await listed(viewer)).toEqual([]);
    await Promise.all([revoke(developer, mine), revoke(admin, theirs)]);
  });

  test("can still be revoked by somebody who may make none any more", async () => {
    const former = await colleague(world, acme, "developer");
    const made = await make(former);
    await setRole(former, "viewer");
    expect(reasonOf(await former.call("keys.create", { name: "x", role: "viewer" }))).toEqual([403, "forbidden"]);
    expect(reasonOf(await former.call("keys.rotate", { apiKeyId: made.apiKeyId }))).toEqual([403, "forbidden"]);
    expect((await revoke(former, made)).status).toBe(200);
  });

  test("a key of few scopes does nothing with its holder's other keys, and may revoke itself", async () => {
    const other = await make(owner);
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

describe("a key that can do more than whoever wants to touch it", () => {
  test("an admin does not revoke, change or rotate an owner's key that can do more than an admin", async () => {
    const strong = await make(owner, { role: "owner" });
    const at = { apiKeyId: strong.apiKeyId };
    expect(reasonOf(await admin.call("keys.revoke", at))).toEqual([403, "key_above_own"]);
    expect(reasonOf(await admin.call("keys.delete", at))).toEqual([403, "key_above_own"]);
    expect(reasonOf(await admin.call("keys.update", { ...at, allowedIps: null }))).toEqual([403, "key_above_own"]);
    expect(reasonOf(await admin.call("keys.rotate", at))).toEqual([403, "not_your_key"]);
    expect((await world.callAs(strong.key)("auth.session")).status).toBe(200);
    const audited = await world.db.asOwner(
      `select 1 as one from audit_entries where object_id = $1 and outcome = 'refused' and reason = 'key_above_own'`,
      [strong.apiKeyId],
    );
    expect(audited).toHaveLength(3);
    await revoke(owner, strong);
  });

  test("nor one of somebody's who can do more at a project, whatever they are at the organization", async () => {
    const { ok: made } = given(acme);
    const { projectId } = await insertPlace(world, acme);
    const permissions = ["key:list", "key:read", "key:update", "key:delete"];
    const { roleId } = await made<{ roleId: string }>("roles.create", { name: "Keys", permissions });
    const [clerk, worker] = [await colleague(world, acme, "viewer"), await colleague(world, acme, null)];
    await made("members.update", { memberId: clerk.memberId, roleId });
    await made("members.setProjectRole", { memberId: worker.memberId, projectId, role: "developer" });
    const strong = await worker.key("developer");
    const weak = await worker.key(null, { scopes: ["key:list"] });
    const { apiKeyId } = strong;
    expect(reasonOf(await clerk.call("keys.update", { apiKeyId, allowedIps: null }))).toEqual([403, "key_above_own"]);
    expect(reasonOf(await revoke(clerk, strong))).toEqual([403, "key_above_own"]);
    expect((await revoke(clerk, weak)).status).toBe(200);
    await made("members.setProjectRole", { memberId: clerk.memberId, projectId, role: "developer" });
    expect((await revoke(clerk, strong)).status).toBe(200);
  });

  test("nor one that the host's command line made, which can do what an owner can", async () => {
    const { data } = await acme.call<Key>("keys.create", { name: "host", role: "owner" });
    for (const procedure of ["keys.revoke", "keys.update", "keys.rotate"]) {
      const reason = procedure === "keys.rotate" ? "role_above_own" : "key_above_own";
      expect(reasonOf(await admin.call(procedure, { apiKeyId: data.apiKeyId })), procedure).toEqual([403, reason]);
    }
    expect((await revoke(owner, data)).status).toBe(200);
  });

  test("an admin revokes an owner's key that can do no more than an admin, now", async () => {
    const weak = await make(owner, { role: "admin" });
    expect((await revoke(admin, weak)).status).toBe(200);
    const former = await colleague(world, acme, "owner");
    const strong = await make(former, { role: "owner" });
    expect(reasonOf(await revoke(admin, strong))).toEqual([403, "key_above_own"]);
    await setRole(former, "developer");
    expect((await revoke(admin, strong)).status).toBe(200);
  });

  test("an admin's key does not revoke its own maker's stronger key", async () => {
    const strong = await make(owner, { role: "owner" });
    const weak = await make(owner, { role: "admin" });
    expect(reasonOf(await world.callAs(weak.key)("keys.revoke", { apiKeyId: strong.apiKeyId }))).toEqual([
      403,
      "key_above_own",
    ]);
    await Promise.all([revoke(owner, strong), revoke(owner, weak)]);
  });
});

describe("what a key can do is decided when it is used (TM-27)", () => {
  test("its maker loses a role: so does the key, at the very next request; and it comes back with the role", async () => {
    const maker = await colleague(world, acme, "developer");
    const call = world.callAs((await make(maker, { role: "developer" })).key);
    expect((await call("projects.create", { name: "Before" })).status).toBe(200);
    await setRole(maker, "viewer");
    expect(reasonOf(await call("projects.create", { name: "After" }))).toEqual([403, "forbidden"]);
    expect((await call("projects.list")).status).toBe(200);
    await setRole(maker, "owner");
    expect((await call("projects.create", { name: "Again" })).status).toBe(200);
    expect(reasonOf(await call("organizations.update", { name: "Not with this key" }))).toEqual([403, "key_scope"]);
  });

  test("its maker leaves: it does nothing, at the very next request (PO-22)", async () => {
    const maker = await colleague(world, acme, "owner");
    const call = world.callAs((await make(maker, { role: "owner" })).key);
    expect((await call("auth.session")).status).toBe(200);
    await world.db.asOwner(`delete from members where member_id = $1`, [maker.memberId]);
    expect(reasonOf(await call("auth.session"))).toEqual([401, "key_holder_left"]);
    expect(reasonOf(await call("projects.create", { name: "After" }))).toEqual([401, "key_holder_left"]);
  });
});

describe("how many keys somebody has (TM-26)", () => {
  const live = async (who: Colleague) =>
    (await ok(who.call<{ items: Key[] }>("keys.list", { limit: 200 }))).items.filter(
      ({ userId, revokedAt }) => userId === who.userId && revokedAt === null,
    );

  test("ten are live at most, each revoked alone; a revoked, expired or rotated one makes room", async () => {
    const maker = await colleague(world, acme, "developer");
    const made: Key[] = [];
    for (let at = 0; at < 10; at++) made.push(await make(maker));
    const oneMore = () => maker.call<Key>("keys.create", { name: "eleventh", role: "viewer" });
    expect(reasonOf(await oneMore())).toEqual([409, "too_many_keys"]);
    expect((await admin.call("keys.create", { name: "another's", role: "viewer" })).status).toBe(200);

    await revoke(maker, made[0] as Key);
    expect((await oneMore()).status).toBe(200);
    expect(reasonOf(await oneMore())).toEqual([409, "too_many_keys"]);
    await world.db.asOwner(`update api_keys set expires_at = now() - interval '1 second' where api_key_id = $1`, [
      made[1]?.apiKeyId,
    ]);
    expect((await oneMore()).status).toBe(200);
    expect((await maker.call("keys.rotate", { apiKeyId: made[2]?.apiKeyId })).status).toBe(200);
    expect(reasonOf(await oneMore())).toEqual([409, "too_many_keys"]);
    await revoke(maker, made[3] as Key);
    expect((await oneMore()).status).toBe(200);
  });

  test("as many as the organization says, also when all are asked for at once", async () => {
    const small = await world.organization();
    await world.db.asOwner(`update organizations set max_keys_per_member = 3 where organization_id = $1`, [
      small.organizationId,
    ]);
    const maker = await colleague(world, small, "developer");
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, at) => maker.call("keys.create", { name: `at once ${at}`, role: "viewer" })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 409, 409, 409, 409, 409]);
    expect(await live(maker)).toHaveLength(3);
  });

  test("one that is being made is waited for, and counts", async (context) => {
    if (!runsSideBySide()) return context.skip("one transaction at a time");
    const small = await world.organization();
    await world.db.asOwner(`update organizations set max_keys_per_member = 1 where organization_id = $1`, [
      small.organizationId,
    ]);
    const maker = await colleague(world, small, "developer");
    const late = await besideUncommitted(
      world,
      small.organizationId,
      async (tx) => {
        await tx.execute(sql`select 1 from members where user_id = ${maker.userId} for no key update`);
        await tx.execute(sql`insert into api_keys (api_key_id, organization_id, user_id, name, role, hash, created_at)
          values (${newId("apiKey")}, ${small.organizationId}, ${maker.userId}, 'first', 'viewer', ${newId("apiKey")}, now())`);
      },
      () => maker.call("keys.create", { name: "second", role: "viewer" }),
    );
    expect(reasonOf(late)).toEqual([409, "too_many_keys"]);
  });
});

describe("a member of projects only", () => {
  test("makes keys of that project, with what they have there, and sees those", async () => {
    const { projectId, environmentId } = await insertPlace(world, acme);
    const elsewhere = await insertPlace(world, acme);
    const member = await colleague(world, acme, null);
    await world.db.asOwner(
      `insert into project_roles (project_role_id, organization_id, project_id, member_id, role, created_at)
       values ($1, $2, $3, $4, 'developer', now())`,
      [`prr_${member.memberId.slice(4)}`, acme.organizationId, projectId, member.memberId],
    );
    const create = (input: Record<string, unknown>) => member.call<Key>("keys.create", { name: "ci", ...input });
    expect(reasonOf(await create({ role: "viewer" }))).toEqual([403, "forbidden"]);
    expect(reasonOf(await create({ role: "viewer", projectId: elsewhere.projectId }))).toEqual([403, "forbidden"]);
    expect(reasonOf(await create({ role: "admin", projectId }))).toEqual([403, "role_above_own"]);
    const made = await ok(create({ role: "developer", projectId }));
    const call = world.callAs(registerSecret(made.key));
    expect((await call("applications.create", { environmentId, name: "Wiki" })).status).toBe(200);
    expect(
      reasonOf(await call("applications.create", { environmentId: elsewhere.environmentId, name: "Wiki" })),
    ).toEqual([403, "forbidden"]);
    expect(reasonOf(await member.call("keys.list"))).toEqual([403, "forbidden"]);
    const { items } = await ok(member.call<{ items: Key[] }>("keys.list", { projectId }));
    expect(items.map(({ apiKeyId }) => apiKeyId)).toEqual([made.apiKeyId]);
    expect((await revoke(member, made)).status).toBe(200);
  });
});
