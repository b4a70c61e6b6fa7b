import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { newId } from "../../../src/platform/ids";
import { besideUncommitted, runsSideBySide } from "../../support/held-transaction";
import { givenMember } from "../../support/people";
import { insertPlace } from "../../support/place";
import { registerSecret } from "../../support/secrets";
import { type GivenOrganization, given, openWorld, type World } from "../../support/world";
import { givenRole, givenTeammate } from "./given-team";

interface Member {
  readonly memberId: string;
  readonly email: string;
  readonly role: string | null;
  readonly roleId: string | null;
  readonly projectRoles: { projectId: string; role: string | null; roleId: string | null }[];
  readonly keysRevoked?: number;
}

let world: World;
let acme: GivenOrganization;

beforeAll(async () => {
  world = await openWorld();
});
beforeEach(async () => {
  acme = await world.organization();
});
afterAll(() => world.close());

const member = (memberId: string) => given(acme).ok<Member>("members.one", { memberId });
const entries = (action: string) =>
  world.db.asOwner<{ object_name: string; outcome: string; reason: string | null; changed: unknown }>(
    `select object_name, outcome, reason, changed from audit_entries where organization_id = $1 and action = $2 order by audit_id`,
    [acme.organizationId, action],
  );

describe("a member's role at the organization (DK-11, PO-21)", () => {
  test("is theirs at the very next request, and the audit has both", async () => {
    const [admin, viewer] = [await givenTeammate(world, acme, "admin"), await givenTeammate(world, acme, "viewer")];
    expect(await viewer.ask("projects.create", { name: "Mine" })).toEqual([403, "forbidden"]);
    const { data } = await admin.browser.call<Member>("members.update", {
      memberId: viewer.memberId,
      role: "developer",
    });
    expect(data).toMatchObject({ memberId: viewer.memberId, email: viewer.email, role: "developer", roleId: null });
    expect(await viewer.ask("projects.create", { name: "Mine" })).toEqual([200]);
    expect(await entries("members.update")).toEqual([
      {
        object_name: viewer.email,
        outcome: "done",
        reason: null,
        changed: { role: ["viewer", "developer"], roleId: [null, null] },
      },
    ]);
  });

  test("can be none: then they have what they have at projects", async () => {
    const developer = await givenTeammate(world, acme, "developer");
    const { projectId } = await insertPlace(world, acme);
    const { ok } = given(acme);
    await ok("members.setProjectRole", { memberId: developer.memberId, projectId, role: "viewer" });
    expect(await ok<Member>("members.update", { memberId: developer.memberId, role: null })).toMatchObject({
      role: null,
      roleId: null,
      projectRoles: [{ projectId, role: "viewer", roleId: null }],
    });
    expect(await developer.ask("projects.one", { projectId })).toEqual([200]);
    expect(await developer.ask("projects.update", { projectId, name: "x" })).toEqual([403, "forbidden"]);
    expect(await developer.ask("members.list")).toEqual([403, "forbidden"]);
  });

  test("can be one of the organization's own", async () => {
    const someone = await givenTeammate(world, acme, "viewer");
    const roleId = await givenRole(acme, ["project:read", "project:create"]);
    expect(await given(acme).ok<Member>("members.update", { memberId: someone.memberId, roleId })).toMatchObject({
      role: null,
      roleId,
    });
    expect(await someone.ask("projects.create", { name: "Mine" })).toEqual([200]);
    expect(await someone.ask("organizations.one")).toEqual([403, "forbidden"]);
  });

  test("of another organization's own is nowhere", async () => {
    const beta = await world.organization();
    const someone = await givenTeammate(world, acme, "viewer");
    const roleId = await givenRole(beta, ["project:read"]);
    for (const given of [roleId, newId("role")]) {
      const { status, error } = await acme.call("members.update", { memberId: someone.memberId, roleId: given });
      expect([status, error.data.reason]).toEqual([404, "not_found"]);
    }
    expect(await member(someone.memberId)).toMatchObject({ role: "viewer" });
  });

  test.each([
    {},
    { role: "viewer", roleId: "rol_x" },
    { role: "root" },
    { roleId: null },
    { role: "admin", organizationId: "org_x" },
    { role: "admin", userId: "usr_x" },
    { role: "admin", projectRoles: [] },
  ])("%j is no input of it", async (input) => {
    const someone = await givenTeammate(world, acme, "viewer");
    const { status, error } = await acme.call("members.update", { memberId: someone.memberId, ...input });
    expect([status, error.data.reason]).toEqual([400, "invalid_input"]);
    expect(await member(someone.memberId)).toMatchObject({ role: "viewer" });
  });
});

describe("nobody gives what they do not have (DK-15)", () => {
  test("an admin makes no owner, and changes or removes none", async () => {
    const [admin, owner] = [await givenTeammate(world, acme, "admin"), await givenTeammate(world, acme, "owner")];
    await givenTeammate(world, acme, "owner");
    const self = { memberId: admin.memberId };
    const other = { memberId: owner.memberId };
    expect(await admin.ask("members.update", { ...self, role: "owner" })).toEqual([403, "role_above_own"]);
    expect(await admin.ask("members.update", { ...other, role: "viewer" })).toEqual([403, "member_above_own"]);
    expect(await admin.ask("members.update", { ...other, role: "owner" })).toEqual([403, "member_above_own"]);
    expect(await admin.ask("members.delete", other)).toEqual([403, "member_above_own"]);
    expect(await member(owner.memberId)).toMatchObject({ role: "owner" });
    const refused = (await entries("members.update")).filter(({ outcome }) => outcome === "refused");
    expect(refused.map(({ reason }) => reason)).toContain("role_above_own");
  });

  test("whoever may only manage members gives no more than they hold, to nobody who holds more", async () => {
    const roleId = await givenRole(acme, ["member:read", "member:update", "member:delete", "project:read"]);
    const clerk = await givenTeammate(world, acme, "viewer");
    await given(acme).ok("members.update", { memberId: clerk.memberId, roleId });
    const [nobody, viewer] = [await givenTeammate(world, acme, null), await givenTeammate(world, acme, "viewer")];
    const reader = await givenRole(acme, ["project:read"]);
    const writer = await givenRole(acme, ["project:read", "project:update"]);
    expect(await clerk.ask("members.update", { memberId: nobody.memberId, roleId: reader })).toEqual([200]);
    expect(await clerk.ask("members.update", { memberId: nobody.memberId, roleId: writer })).toEqual([
      403,
      "role_above_own",
    ]);
    for (const role of ["viewer", "developer", "admin", "owner"]) {
      expect(await clerk.ask("members.update", { memberId: clerk.memberId, role })).toEqual([403, "role_above_own"]);
    }
    expect(await clerk.ask("members.update", { memberId: viewer.memberId, role: null })).toEqual([
      403,
      "member_above_own",
    ]);
    expect(await clerk.ask("members.delete", { memberId: viewer.memberId })).toEqual([403, "member_above_own"]);
    expect(await clerk.ask("members.delete", { memberId: nobody.memberId })).toEqual([200]);
  });

  test("a role at a project counts as well: whoever has it is not changed by who could not give it", async () => {
    const { projectId } = await insertPlace(world, acme);
    const roleId = await givenRole(acme, ["member:read", "member:update", "member:delete", "project:read"]);
    const [clerk, worker] = [await givenTeammate(world, acme, "viewer"), await givenTeammate(world, acme, null)];
    const { ok } = given(acme);
    await ok("members.update", { memberId: clerk.memberId, roleId });
    await ok("members.setProjectRole", { memberId: worker.memberId, projectId, role: "developer" });
    const change = { memberId: worker.memberId, projectId, role: null };
    expect(await clerk.ask("members.setProjectRole", change)).toEqual([403, "member_above_own"]);
    expect(await clerk.ask("members.delete", { memberId: worker.memberId })).toEqual([403, "member_above_own"]);
    await ok("members.setProjectRole", { memberId: clerk.memberId, projectId, role: "admin" });
    expect(await clerk.ask("members.setProjectRole", change)).toEqual([200]);
  });

  test("an own role counts by its words, at the organization and at a project", async () => {
    const { ok } = given(acme);
    const { projectId } = await insertPlace(world, acme);
    const clerks = await givenRole(acme, ["member:update", "member:delete", "project:read"]);
    const writers = await givenRole(acme, ["project:read", "project:update"]);
    const [clerk, writer, worker] = [
      await givenTeammate(world, acme, null),
      await givenTeammate(world, acme, null),
      await givenTeammate(world, acme, null),
    ];
    await ok("members.update", { memberId: clerk.memberId, roleId: clerks });
    await ok("members.update", { memberId: writer.memberId, roleId: writers });
    await ok("members.setProjectRole", { memberId: worker.memberId, projectId, roleId: writers });
    for (const { memberId } of [writer, worker]) {
      expect(await clerk.ask("members.update", { memberId, role: null })).toEqual([403, "member_above_own"]);
      expect(await clerk.ask("members.delete", { memberId })).toEqual([403, "member_above_own"]);
    }
    await ok("members.setProjectRole", { memberId: clerk.memberId, projectId, roleId: writers });
    expect(await clerk.ask("members.delete", { memberId: worker.memberId })).toEqual([200]);
    expect(await clerk.ask("members.delete", { memberId: writer.memberId })).toEqual([403, "member_above_own"]);
  });

  test("a key gives no more than its own words, whoever made it", async () => {
    const { ok } = given(acme);
    const { key } = await ok<{ key: string }>("keys.create", { name: "hr", scopes: ["member:read", "member:update"] });
    registerSecret(key);
    const call = world.callAs(key);
    const someone = await givenTeammate(world, acme, null);
    const up = await call("members.update", { memberId: someone.memberId, role: "viewer" });
    expect([up.status, up.error.data.reason]).toEqual([403, "role_above_own"]);
    const owner = await givenTeammate(world, acme, "owner");
    const down = await call("members.update", { memberId: owner.memberId, role: null });
    expect([down.status, down.error.data.reason]).toEqual([403, "member_above_own"]);
  });
});

describe("a role at a project (DK-11)", () => {
  test("adds to the role at the organization there alone, and is replaced and taken away", async () => {
    const [here, there] = [await insertPlace(world, acme), await insertPlace(world, acme)];
    const viewer = await givenTeammate(world, acme, "viewer");
    const set = (input: object) =>
      given(acme).ok<Member>("members.setProjectRole", { memberId: viewer.memberId, ...input });
    const { projectId } = here;
    expect((await set({ projectId, role: "developer" })).projectRoles).toEqual([
      { projectId, role: "developer", roleId: null },
    ]);
    expect(await viewer.ask("projects.update", { projectId, name: "x" })).toEqual([200]);
    expect(await viewer.ask("projects.update", { projectId: there.projectId, name: "x" })).toEqual([403, "forbidden"]);
    const roleId = await givenRole(acme, ["project:read"]);
    expect((await set({ projectId, roleId })).projectRoles).toEqual([{ projectId, role: null, roleId }]);
    expect(await viewer.ask("projects.update", { projectId, name: "x" })).toEqual([403, "forbidden"]);
    expect((await set({ projectId, role: null })).projectRoles).toEqual([]);
    expect(await viewer.ask("projects.one", { projectId })).toEqual([200]);
    expect((await entries("members.setProjectRole")).map(({ changed }) => changed)).toMatchObject([
      { projectId, role: [null, "developer"] },
      { projectId, role: ["developer", null], roleId: [null, roleId] },
      { projectId, roleId: [roleId, null] },
    ]);
  });

  test("is one member's, at one project: others, and other projects, keep theirs", async () => {
    const { ok } = given(acme);
    const [here, there] = [await insertPlace(world, acme), await insertPlace(world, acme)];
    const [ada, bob] = [await givenTeammate(world, acme, null), await givenTeammate(world, acme, null)];
    const rolesOf = async ({ memberId }: { memberId: string }) => {
      const { items } = await ok<{ items: Member[] }>("members.list", { limit: 200 });
      return items
        .find((one) => one.memberId === memberId)
        ?.projectRoles.map(({ projectId, role }) => [projectId, role]);
    };
    for (const [{ memberId }, { projectId }, role] of [
      [ada, here, "viewer"],
      [ada, there, "developer"],
      [bob, here, "admin"],
    ] as const) {
      await ok("members.setProjectRole", { memberId, projectId, role });
    }
    await ok("members.setProjectRole", { memberId: ada.memberId, projectId: here.projectId, role: null });
    expect(await rolesOf(ada)).toEqual([[there.projectId, "developer"]]);
    expect(await rolesOf(bob)).toEqual([[here.projectId, "admin"]]);
  });

  test("is no way to more than the giver has, at that project or by what counts in it", async () => {
    const [here, there] = [await insertPlace(world, acme), await insertPlace(world, acme)];
    const roleId = await givenRole(acme, ["member:read", "member:update", "project:read"]);
    const [clerk, worker] = [await givenTeammate(world, acme, "viewer"), await givenTeammate(world, acme, null)];
    const { ok } = given(acme);
    await ok("members.update", { memberId: clerk.memberId, roleId });
    await ok("members.setProjectRole", { memberId: clerk.memberId, projectId: here.projectId, role: "developer" });
    const set = (projectId: string, input: object, memberId = worker.memberId) =>
      clerk.ask("members.setProjectRole", { memberId, projectId, ...input });
    expect(await set(there.projectId, { role: "viewer" })).toEqual([403, "role_above_own"]);
    expect(await set(there.projectId, { role: "owner" }, clerk.memberId)).toEqual([403, "role_above_own"]);
    expect(await set(here.projectId, { role: "admin" }, clerk.memberId)).toEqual([403, "role_above_own"]);
    expect(await set(here.projectId, { role: "admin" })).toEqual([403, "role_above_own"]);
    expect(await set(there.projectId, { roleId: await givenRole(acme, ["project:read"]) })).toEqual([200]);
    expect(await set(here.projectId, { role: "developer" })).toEqual([200]);
    // Words of the organization are worth nothing at a project.
    const strong = await givenRole(acme, ["project:read", "organization:delete", "member:update"]);
    expect(await set(there.projectId, { roleId: strong })).toEqual([200]);
    expect(await worker.ask("organizations.delete")).toEqual([403, "forbidden"]);
    expect(await worker.ask("members.update", { memberId: worker.memberId, role: "viewer" })).toEqual([
      403,
      "forbidden",
    ]);
  });

  test("lists the projects at which it lets one read, and no other", async () => {
    const [here, there] = [await insertPlace(world, acme), await insertPlace(world, acme)];
    const worker = await givenTeammate(world, acme, null);
    expect(await worker.ask("projects.list")).toEqual([403, "forbidden"]);
    const { ok } = given(acme);
    const set = (projectId: string, input: object) =>
      ok("members.setProjectRole", { memberId: worker.memberId, projectId, ...input });
    await set(here.projectId, { role: "viewer" });
    await set(there.projectId, { roleId: await givenRole(acme, ["route:read"]) });
    const other = await givenTeammate(world, acme, null);
    await ok("members.setProjectRole", { memberId: other.memberId, projectId: there.projectId, role: "viewer" });
    const seen = async (list: () => Promise<{ data: { items: { projectId: string }[] } }>) =>
      (await list()).data.items.map(({ projectId }) => projectId);
    expect(await seen(() => worker.browser.call("projects.list"))).toEqual([here.projectId]);
    expect(await seen(() => worker.browser.call("projects.list", { cursor: here.projectId }))).toEqual([]);
    const { key } = await ok<{ key: string }>("keys.create", {
      name: "k",
      role: "viewer",
      projectId: there.projectId,
    });
    expect(await seen(() => world.callAs(registerSecret(key))("projects.list"))).toEqual([there.projectId]);
    const scoped = await ok<{ key: string }>("keys.create", { name: "k", scopes: ["route:read"] });
    const refused = await world.callAs(registerSecret(scoped.key))("projects.list");
    expect([refused.status, refused.error.data.reason]).toEqual([403, "key_scope"]);
    expect((await seen(() => acme.call("projects.list"))).sort()).toEqual([here.projectId, there.projectId].sort());
  });

  test("a project's owner gives none: who is in the organization is the organization's", async () => {
    const { projectId } = await insertPlace(world, acme);
    const lead = await givenTeammate(world, acme, "viewer");
    await given(acme).ok("members.setProjectRole", { memberId: lead.memberId, projectId, role: "owner" });
    const input = { memberId: lead.memberId, projectId, role: "owner" };
    expect(await lead.ask("members.setProjectRole", input)).toEqual([403, "forbidden"]);
  });

  test("at another organization's project, or for its member, is nowhere", async () => {
    const beta = await world.organization();
    const [ours, theirs] = [await insertPlace(world, acme), await insertPlace(world, beta)];
    const [mate, stranger] = [await givenTeammate(world, acme, "viewer"), await givenTeammate(world, beta, "viewer")];
    const tries = [
      { memberId: mate.memberId, projectId: theirs.projectId },
      { memberId: mate.memberId, projectId: newId("project") },
      { memberId: stranger.memberId, projectId: ours.projectId },
      { memberId: stranger.memberId, projectId: theirs.projectId },
    ];
    for (const input of tries) {
      const { status, error } = await acme.call("members.setProjectRole", { ...input, role: "viewer" });
      expect([status, error.data.reason]).toEqual([404, "not_found"]);
    }
    expect(
      await world.db.asOwner("select 1 from project_roles where role = 'viewer' and member_id = any($1)", [
        [mate.memberId, stranger.memberId],
      ]),
    ).toEqual([]);
  });

  test("goes with its project", async () => {
    const { projectId } = await insertPlace(world, acme);
    const viewer = await givenTeammate(world, acme, "viewer");
    await given(acme).ok("members.setProjectRole", { memberId: viewer.memberId, projectId, role: "admin" });
    await given(acme).ok("projects.delete", { projectId });
    expect((await member(viewer.memberId)).projectRoles).toEqual([]);
  });
});

describe("the last owner", () => {
  test("cannot be demoted or removed, and cannot leave", async () => {
    const owner = await givenTeammate(world, acme, "owner");
    const self = { memberId: owner.memberId };
    expect(await owner.ask("members.update", { ...self, role: "admin" })).toEqual([409, "last_owner"]);
    expect(await owner.ask("members.update", { ...self, role: null })).toEqual([409, "last_owner"]);
    expect(await owner.ask("members.delete", self)).toEqual([409, "last_owner"]);
    expect(await owner.ask("members.leave")).toEqual([409, "last_owner"]);
    expect(await owner.ask("members.update", { ...self, role: "owner" })).toEqual([200]);
    const second = await givenTeammate(world, acme, "owner");
    expect(await second.ask("members.update", { ...self, role: "admin" })).toEqual([200]);
    expect(await second.ask("members.leave")).toEqual([409, "last_owner"]);
  });

  test("stays when two owners demote each other, leave or are removed at once", async () => {
    for (const [one, other] of [
      ["members.update", "members.update"],
      ["members.leave", "members.leave"],
      ["members.delete", "members.leave"],
    ] as const) {
      const organization = await world.organization();
      const [ada, bob] = [
        await givenTeammate(world, organization, "owner"),
        await givenTeammate(world, organization, "owner"),
      ];
      const input = (procedure: string, memberId: string) =>
        procedure === "members.leave"
          ? {}
          : { memberId, ...(procedure === "members.update" ? { role: "viewer" } : {}) };
      await Promise.all([ada.ask(one, input(one, bob.memberId)), bob.ask(other, input(other, ada.memberId))]);
      const left = await world.db.asOwner("select 1 from members where organization_id = $1 and role = 'owner'", [
        organization.organizationId,
      ]);
      expect([one, other, left.length]).toEqual([one, other, 1]);
    }
  });

  test.runIf(runsSideBySide())("is judged once the organization is free, by what is so then", async () => {
    const [ada, bob] = [await givenTeammate(world, acme, "owner"), await givenTeammate(world, acme, "owner")];
    const answer = await besideUncommitted(
      world,
      acme.organizationId,
      async (tx) => {
        await tx.execute(
          sql`select 1 from organizations where organization_id = ${acme.organizationId} for no key update`,
        );
        await tx.execute(sql`update members set role = 'admin' where member_id = ${bob.memberId}`);
      },
      () => ada.ask("members.leave"),
    );
    expect(answer).toEqual([409, "last_owner"]);
  });

  test.runIf(runsSideBySide())("a right that was lost while waiting gives nothing any more", async () => {
    const [ada, bob] = [await givenTeammate(world, acme, "admin"), await givenTeammate(world, acme, "viewer")];
    const answer = await besideUncommitted(
      world,
      acme.organizationId,
      async (tx) => {
        await tx.execute(
          sql`select 1 from organizations where organization_id = ${acme.organizationId} for no key update`,
        );
        await tx.execute(sql`update members set role = 'viewer' where member_id = ${ada.memberId}`);
      },
      () => ada.ask("members.update", { memberId: bob.memberId, role: "developer" }),
    );
    expect(answer).toEqual([403, "forbidden"]);
    expect(await member(bob.memberId)).toMatchObject({ role: "viewer" });
  });
});

describe("whoever is removed", () => {
  test("has no session and no key there any more at the very next request, and keeps those elsewhere", async () => {
    const beta = await world.organization();
    const ada = await givenTeammate(world, acme, "admin");
    await givenMember(world, beta.organizationId, ada, "viewer");
    const inBeta = { "x-organization-id": beta.organizationId };
    const inAcme = { "x-organization-id": acme.organizationId };
    await ada.browser.call("auth.setActiveOrganization", { organizationId: acme.organizationId });
    const made = await ada.browser.call<{ key: string; apiKeyId: string }>(
      "keys.create",
      { name: "ci", role: "viewer" },
      inAcme,
    );
    const there = await world.callAs(registerSecret(made.data.key))("projects.list");
    expect(there.status).toBe(200);
    expect((await ada.browser.call("members.list", {}, inAcme)).status).toBe(200);

    const removed = await given(acme).ok<Member>("members.delete", { memberId: ada.memberId });
    expect(removed).toMatchObject({ memberId: ada.memberId, email: ada.email, role: "admin", keysRevoked: 1 });

    const byKey = await world.callAs(made.data.key)("projects.list");
    expect([byKey.status, byKey.error.data.reason]).toEqual([401, "key_revoked"]);
    expect((await ada.browser.call("members.list", {}, inAcme)).status).toBe(404);
    const session = await ada.browser.call<{ organization: { organizationId: string } }>("auth.session");
    expect(session.data.organization.organizationId).toBe(beta.organizationId);
    expect((await ada.browser.call("projects.list", {}, inBeta)).status).toBe(200);
    expect((await entries("members.delete")).map(({ object_name, changed }) => [object_name, changed])).toEqual([
      [ada.email, { userId: ada.userId, role: "admin", roleId: null, keysRevoked: 1 }],
    ]);
  });

  test("has no session at all where it was the only organization", async () => {
    const ada = await givenTeammate(world, acme, "developer");
    await given(acme).ok("members.delete", { memberId: ada.memberId });
    expect(await ada.ask("auth.session")).toEqual([401, "session_ended"]);
    expect(await world.db.asOwner("select 1 from sessions where user_id = $1", [ada.userId])).toEqual([]);
  });

  test("does not have the old keys again by coming back", async () => {
    const ada = await givenTeammate(world, acme, "admin");
    const { data } = await ada.browser.call<{ key: string }>("keys.create", { name: "ci", role: "viewer" });
    registerSecret(data.key);
    await given(acme).ok("members.delete", { memberId: ada.memberId });
    await givenMember(world, acme.organizationId, ada, "owner");
    const answer = await world.callAs(data.key)("projects.list");
    expect([answer.status, answer.error.data.reason]).toEqual([401, "key_revoked"]);
  });

  test("does not come back by an invitation that was open when a provider's groups let them in (PO-19)", async () => {
    const beta = await world.organization();
    const ada = await givenTeammate(world, beta, "viewer");
    const { url, invitationId } = await given(acme).ok<{ url: string; invitationId: string }>("invitations.create", {
      email: ada.email,
      role: "admin",
    });
    const memberId = await givenMember(world, acme.organizationId, ada, "viewer");
    await given(acme).ok("members.delete", { memberId });
    const token = registerSecret(url.slice(url.indexOf("#") + 1));
    expect(await ada.ask("invitations.accept", { token })).toEqual([409, "invitation_revoked"]);
    const { items } = await given(acme).ok<{ items: { invitationId: string; state: string }[] }>(
      "invitations.list",
      {},
    );
    expect(items).toMatchObject([{ invitationId, state: "revoked" }]);
  });

  test("leaves what they made to the organization: projects, and service accounts with their keys", async () => {
    const ada = await givenTeammate(world, acme, "admin");
    const project = await ada.browser.call<{ projectId: string }>("projects.create", { name: "Hers" });
    const { data: account } = await ada.browser.call<{ serviceAccountId: string }>("serviceAccounts.create", {
      name: "deploy",
      role: "viewer",
    });
    const { serviceAccountId } = account;
    const { data } = await ada.browser.call<{ key: string }>("keys.create", {
      name: "deploy",
      role: "viewer",
      serviceAccountId,
    });
    registerSecret(data.key);
    await given(acme).ok("members.delete", { memberId: ada.memberId });
    expect((await acme.call("projects.one", { projectId: project.data.projectId })).status).toBe(200);
    expect((await world.callAs(data.key)("projects.list")).status).toBe(200);
  });
});

describe("leaving", () => {
  test("ends one's own membership and its keys, for whoever has no word for removing members", async () => {
    await givenTeammate(world, acme, "owner");
    const ada = await givenTeammate(world, acme, "viewer");
    const { data, status } = await ada.browser.call<Member>("members.leave");
    expect([status, data.memberId, data.keysRevoked]).toEqual([200, ada.memberId, 0]);
    expect(await ada.ask("auth.session")).toEqual([401, "session_ended"]);
    expect((await entries("members.leave")).map(({ object_name, outcome }) => [object_name, outcome])).toEqual([
      [ada.email, "done"],
    ]);
  });

  test("is about the organization of the request, and says so of none", async () => {
    const beta = await world.organization();
    const ada = await givenTeammate(world, acme, "viewer");
    const inBeta = await givenMember(world, beta.organizationId, ada, "viewer");
    const answer = await ada.browser.call<Member>("members.leave", {}, { "x-organization-id": beta.organizationId });
    expect(answer.data.memberId).toBe(inBeta);
    expect(await ada.ask("members.list")).toEqual([200]);
    expect(await ada.ask("members.leave", { memberId: inBeta })).toEqual([400, "invalid_input"]);
    const elsewhere = await ada.browser.call("members.leave", {}, { "x-organization-id": beta.organizationId });
    expect(elsewhere.status).toBe(404);
  });

  test("is nothing that a key does", async () => {
    const { status, error } = await acme.call("members.leave");
    expect([status, error.data.reason]).toEqual([403, "session_required"]);
  });
});
