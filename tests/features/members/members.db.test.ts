import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { auditEntries } from "#drizzle/audit";
import { members, projectRoles } from "#drizzle/members";
import { sessions } from "#drizzle/persons";
import { newId } from "#src/platform/ids";
import { insertEnvironment } from "#tests/support/environment";
import { besideUncommitted, runsSideBySide } from "#tests/support/held-transaction";
import { givenMember } from "#tests/support/people";
import { readRows, updateRows } from "#tests/support/rows/table";
import { registerSecret } from "#tests/support/secrets";
import { type GivenOrganization, given, openWorld, type World } from "#tests/support/world";
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
  readRows(world.db.owner, auditEntries, { organizationId: acme.organizationId, action }, [
    "objectName",
    "outcome",
    "reason",
    "changed",
  ]);

describe("a member's role in the organization (DK-11, PO-21)", () => {
  test("a new role applies at the member's next request and is audited together with the former one", async () => {
    const [admin, viewer] = [await givenTeammate(world, acme, "admin"), await givenTeammate(world, acme, "viewer")];
    expect(await viewer.attempt("projects.create", { name: "Mine" })).toEqual([403, "forbidden"]);
    const { data } = await admin.browser.call<Member>("members.update", {
      memberId: viewer.memberId,
      role: "developer",
    });
    expect(data).toMatchObject({ memberId: viewer.memberId, email: viewer.email, role: "developer", roleId: null });
    expect(await viewer.attempt("projects.create", { name: "Mine" })).toEqual([200]);
    expect(await entries("members.update")).toEqual([
      {
        objectName: viewer.email,
        outcome: "done",
        reason: null,
        changed: { role: ["viewer", "developer"], roleId: [null, null] },
      },
    ]);
  });

  test("a member without a role in the organization has only the project roles", async () => {
    const developer = await givenTeammate(world, acme, "developer");
    const { projectId } = await insertEnvironment(world, acme);
    const { ok } = given(acme);
    await ok("members.setProjectRole", { memberId: developer.memberId, projectId, role: "viewer" });
    expect(await ok<Member>("members.update", { memberId: developer.memberId, role: null })).toMatchObject({
      role: null,
      roleId: null,
      projectRoles: [{ projectId, role: "viewer", roleId: null }],
    });
    expect(await developer.attempt("projects.one", { projectId })).toEqual([200]);
    expect(await developer.attempt("projects.update", { projectId, name: "x" })).toEqual([403, "forbidden"]);
    expect(await developer.attempt("members.list")).toEqual([403, "forbidden"]);
  });

  test("a member can have a custom role", async () => {
    const teammate = await givenTeammate(world, acme, "viewer");
    const roleId = await givenRole(acme, ["project:read", "project:create"]);
    expect(await given(acme).ok<Member>("members.update", { memberId: teammate.memberId, roleId })).toMatchObject({
      role: null,
      roleId,
    });
    expect(await teammate.attempt("projects.create", { name: "Mine" })).toEqual([200]);
    expect(await teammate.attempt("organizations.one")).toEqual([403, "forbidden"]);
  });

  test("a custom role of another organization returns 404", async () => {
    const beta = await world.organization();
    const teammate = await givenTeammate(world, acme, "viewer");
    const roleId = await givenRole(beta, ["project:read"]);
    for (const foreignRole of [roleId, newId("role")]) {
      const { status, error } = await acme.call("members.update", { memberId: teammate.memberId, roleId: foreignRole });
      expect([status, error.data.reason]).toEqual([404, "not_found"]);
    }
    expect(await member(teammate.memberId)).toMatchObject({ role: "viewer" });
  });

  test.each([
    {},
    { role: "viewer", roleId: "rol_x" },
    { role: "root" },
    { roleId: null },
    { role: "admin", organizationId: "org_x" },
    { role: "admin", userId: "usr_x" },
    { role: "admin", projectRoles: [] },
  ])("members.update rejects the input %j", async (input) => {
    const teammate = await givenTeammate(world, acme, "viewer");
    const { status, error } = await acme.call("members.update", { memberId: teammate.memberId, ...input });
    expect([status, error.data.reason]).toEqual([400, "invalid_input"]);
    expect(await member(teammate.memberId)).toMatchObject({ role: "viewer" });
  });
});

describe("limits of what a member can grant (DK-15)", () => {
  test("an admin cannot make a member an owner and cannot change or remove an owner", async () => {
    const [admin, owner] = [await givenTeammate(world, acme, "admin"), await givenTeammate(world, acme, "owner")];
    await givenTeammate(world, acme, "owner");
    const self = { memberId: admin.memberId };
    const other = { memberId: owner.memberId };
    expect(await admin.attempt("members.update", { ...self, role: "owner" })).toEqual([403, "role_above_own"]);
    expect(await admin.attempt("members.update", { ...other, role: "viewer" })).toEqual([403, "member_above_own"]);
    expect(await admin.attempt("members.update", { ...other, role: "owner" })).toEqual([403, "member_above_own"]);
    expect(await admin.attempt("members.delete", other)).toEqual([403, "member_above_own"]);
    expect(await member(owner.memberId)).toMatchObject({ role: "owner" });
    const refused = (await entries("members.update")).filter(({ outcome }) => outcome === "refused");
    expect(refused.map(({ reason }) => reason)).toContain("role_above_own");
  });

  test("a member who can manage members grants no more than their own role and changes no stronger member", async () => {
    const roleId = await givenRole(acme, ["member:read", "member:update", "member:delete", "project:read"]);
    const clerk = await givenTeammate(world, acme, "viewer");
    await given(acme).ok("members.update", { memberId: clerk.memberId, roleId });
    const [roleless, viewer] = [await givenTeammate(world, acme, null), await givenTeammate(world, acme, "viewer")];
    const reader = await givenRole(acme, ["project:read"]);
    const writer = await givenRole(acme, ["project:read", "project:update"]);
    expect(await clerk.attempt("members.update", { memberId: roleless.memberId, roleId: reader })).toEqual([200]);
    expect(await clerk.attempt("members.update", { memberId: roleless.memberId, roleId: writer })).toEqual([
      403,
      "role_above_own",
    ]);
    for (const role of ["viewer", "developer", "admin", "owner"]) {
      expect(await clerk.attempt("members.update", { memberId: clerk.memberId, role })).toEqual([
        403,
        "role_above_own",
      ]);
    }
    expect(await clerk.attempt("members.update", { memberId: viewer.memberId, role: null })).toEqual([
      403,
      "member_above_own",
    ]);
    expect(await clerk.attempt("members.delete", { memberId: viewer.memberId })).toEqual([403, "member_above_own"]);
    expect(await clerk.attempt("members.delete", { memberId: roleless.memberId })).toEqual([200]);
  });

  test("a member cannot change or remove a member whose project role they could not grant", async () => {
    const { projectId } = await insertEnvironment(world, acme);
    const roleId = await givenRole(acme, ["member:read", "member:update", "member:delete", "project:read"]);
    const [clerk, worker] = [await givenTeammate(world, acme, "viewer"), await givenTeammate(world, acme, null)];
    const { ok } = given(acme);
    await ok("members.update", { memberId: clerk.memberId, roleId });
    await ok("members.setProjectRole", { memberId: worker.memberId, projectId, role: "developer" });
    const change = { memberId: worker.memberId, projectId, role: null };
    expect(await clerk.attempt("members.setProjectRole", change)).toEqual([403, "member_above_own"]);
    expect(await clerk.attempt("members.delete", { memberId: worker.memberId })).toEqual([403, "member_above_own"]);
    await ok("members.setProjectRole", { memberId: clerk.memberId, projectId, role: "admin" });
    expect(await clerk.attempt("members.setProjectRole", change)).toEqual([200]);
  });

  test("a custom role counts by its permissions, in the organization and in a project", async () => {
    const { ok } = given(acme);
    const { projectId } = await insertEnvironment(world, acme);
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
      expect(await clerk.attempt("members.update", { memberId, role: null })).toEqual([403, "member_above_own"]);
      expect(await clerk.attempt("members.delete", { memberId })).toEqual([403, "member_above_own"]);
    }
    await ok("members.setProjectRole", { memberId: clerk.memberId, projectId, roleId: writers });
    expect(await clerk.attempt("members.delete", { memberId: worker.memberId })).toEqual([200]);
    expect(await clerk.attempt("members.delete", { memberId: writer.memberId })).toEqual([403, "member_above_own"]);
  });

  test("a key cannot grant more than its own permissions, even if an owner created it", async () => {
    const { ok } = given(acme);
    const { key } = await ok<{ key: string }>("keys.create", { name: "hr", scopes: ["member:read", "member:update"] });
    registerSecret(key);
    const call = world.callAs(key);
    const teammate = await givenTeammate(world, acme, null);
    const up = await call("members.update", { memberId: teammate.memberId, role: "viewer" });
    expect([up.status, up.error.data.reason]).toEqual([403, "role_above_own"]);
    const owner = await givenTeammate(world, acme, "owner");
    const down = await call("members.update", { memberId: owner.memberId, role: null });
    expect([down.status, down.error.data.reason]).toEqual([403, "member_above_own"]);
  });
});

describe("a member's project role (DK-11)", () => {
  test("a project role adds to the organization's role in that project only, and can be replaced and removed", async () => {
    const [project, otherProject] = [await insertEnvironment(world, acme), await insertEnvironment(world, acme)];
    const viewer = await givenTeammate(world, acme, "viewer");
    const set = (input: object) =>
      given(acme).ok<Member>("members.setProjectRole", { memberId: viewer.memberId, ...input });
    const { projectId } = project;
    expect((await set({ projectId, role: "developer" })).projectRoles).toEqual([
      { projectId, role: "developer", roleId: null },
    ]);
    expect(await viewer.attempt("projects.update", { projectId, name: "x" })).toEqual([200]);
    expect(await viewer.attempt("projects.update", { projectId: otherProject.projectId, name: "x" })).toEqual([
      403,
      "forbidden",
    ]);
    const roleId = await givenRole(acme, ["project:read"]);
    expect((await set({ projectId, roleId })).projectRoles).toEqual([{ projectId, role: null, roleId }]);
    expect(await viewer.attempt("projects.update", { projectId, name: "x" })).toEqual([403, "forbidden"]);
    expect((await set({ projectId, role: null })).projectRoles).toEqual([]);
    expect(await viewer.attempt("projects.one", { projectId })).toEqual([200]);
    expect((await entries("members.setProjectRole")).map(({ changed }) => changed)).toMatchObject([
      { projectId, role: [null, "developer"] },
      { projectId, role: ["developer", null], roleId: [null, roleId] },
      { projectId, roleId: [roleId, null] },
    ]);
  });

  test("changing a project role affects no other member and no other project", async () => {
    const { ok } = given(acme);
    const [project, otherProject] = [await insertEnvironment(world, acme), await insertEnvironment(world, acme)];
    const [ada, bob] = [await givenTeammate(world, acme, null), await givenTeammate(world, acme, null)];
    const rolesOf = async ({ memberId }: { memberId: string }) => {
      const { items } = await ok<{ items: Member[] }>("members.list", { limit: 200 });
      return items
        .find((one) => one.memberId === memberId)
        ?.projectRoles.map(({ projectId, role }) => [projectId, role]);
    };
    for (const [{ memberId }, { projectId }, role] of [
      [ada, project, "viewer"],
      [ada, otherProject, "developer"],
      [bob, project, "admin"],
    ] as const) {
      await ok("members.setProjectRole", { memberId, projectId, role });
    }
    await ok("members.setProjectRole", { memberId: ada.memberId, projectId: project.projectId, role: null });
    expect(await rolesOf(ada)).toEqual([[otherProject.projectId, "developer"]]);
    expect(await rolesOf(bob)).toEqual([[project.projectId, "admin"]]);
  });

  test("a member cannot grant a project role that is stronger than their own role in that project", async () => {
    const [project, otherProject] = [await insertEnvironment(world, acme), await insertEnvironment(world, acme)];
    const roleId = await givenRole(acme, ["member:read", "member:update", "project:read"]);
    const [clerk, worker] = [await givenTeammate(world, acme, "viewer"), await givenTeammate(world, acme, null)];
    const { ok } = given(acme);
    await ok("members.update", { memberId: clerk.memberId, roleId });
    await ok("members.setProjectRole", { memberId: clerk.memberId, projectId: project.projectId, role: "developer" });
    const set = (projectId: string, input: object, memberId = worker.memberId) =>
      clerk.attempt("members.setProjectRole", { memberId, projectId, ...input });
    expect(await set(otherProject.projectId, { role: "viewer" })).toEqual([403, "role_above_own"]);
    expect(await set(otherProject.projectId, { role: "owner" }, clerk.memberId)).toEqual([403, "role_above_own"]);
    expect(await set(project.projectId, { role: "admin" }, clerk.memberId)).toEqual([403, "role_above_own"]);
    expect(await set(project.projectId, { role: "admin" })).toEqual([403, "role_above_own"]);
    expect(await set(otherProject.projectId, { roleId: await givenRole(acme, ["project:read"]) })).toEqual([200]);
    expect(await set(project.projectId, { role: "developer" })).toEqual([200]);
    // Organization permissions have no effect in a project role.
    const strong = await givenRole(acme, ["project:read", "organization:delete", "member:update"]);
    expect(await set(otherProject.projectId, { roleId: strong })).toEqual([200]);
    expect(await worker.attempt("organizations.delete")).toEqual([403, "forbidden"]);
    expect(await worker.attempt("members.update", { memberId: worker.memberId, role: "viewer" })).toEqual([
      403,
      "forbidden",
    ]);
  });

  test("projects.list returns the projects that a project role or a project key can read, and no others", async () => {
    const [project, otherProject] = [await insertEnvironment(world, acme), await insertEnvironment(world, acme)];
    const worker = await givenTeammate(world, acme, null);
    expect(await worker.attempt("projects.list")).toEqual([403, "forbidden"]);
    const { ok } = given(acme);
    const set = (projectId: string, input: object) =>
      ok("members.setProjectRole", { memberId: worker.memberId, projectId, ...input });
    await set(project.projectId, { role: "viewer" });
    await set(otherProject.projectId, { roleId: await givenRole(acme, ["route:read"]) });
    const other = await givenTeammate(world, acme, null);
    await ok("members.setProjectRole", { memberId: other.memberId, projectId: otherProject.projectId, role: "viewer" });
    const listedBy = async (list: () => Promise<{ data: { items: { projectId: string }[] } }>) =>
      (await list()).data.items.map(({ projectId }) => projectId);
    expect(await listedBy(() => worker.browser.call("projects.list"))).toEqual([project.projectId]);
    expect(await listedBy(() => worker.browser.call("projects.list", { cursor: project.projectId }))).toEqual([]);
    const { key } = await ok<{ key: string }>("keys.create", {
      name: "k",
      role: "viewer",
      projectId: otherProject.projectId,
    });
    expect(await listedBy(() => world.callAs(registerSecret(key))("projects.list"))).toEqual([otherProject.projectId]);
    const scoped = await ok<{ key: string }>("keys.create", { name: "k", scopes: ["route:read"] });
    const refused = await world.callAs(registerSecret(scoped.key))("projects.list");
    expect([refused.status, refused.error.data.reason]).toEqual([403, "key_scope"]);
    expect((await listedBy(() => acme.call("projects.list"))).sort()).toEqual(
      [project.projectId, otherProject.projectId].sort(),
    );
  });

  test("a project owner cannot grant project roles, because only the organization manages its members", async () => {
    const { projectId } = await insertEnvironment(world, acme);
    const lead = await givenTeammate(world, acme, "viewer");
    await given(acme).ok("members.setProjectRole", { memberId: lead.memberId, projectId, role: "owner" });
    const input = { memberId: lead.memberId, projectId, role: "owner" };
    expect(await lead.attempt("members.setProjectRole", input)).toEqual([403, "forbidden"]);
  });

  test("a project role for a project or a member of another organization returns 404", async () => {
    const beta = await world.organization();
    const [own, foreign] = [await insertEnvironment(world, acme), await insertEnvironment(world, beta)];
    const [mate, stranger] = [await givenTeammate(world, acme, "viewer"), await givenTeammate(world, beta, "viewer")];
    const attempts = [
      { memberId: mate.memberId, projectId: foreign.projectId },
      { memberId: mate.memberId, projectId: newId("project") },
      { memberId: stranger.memberId, projectId: own.projectId },
      { memberId: stranger.memberId, projectId: foreign.projectId },
    ];
    for (const input of attempts) {
      const { status, error } = await acme.call("members.setProjectRole", { ...input, role: "viewer" });
      expect([status, error.data.reason]).toEqual([404, "not_found"]);
    }
    expect(
      await readRows(world.db.owner, projectRoles, { role: "viewer", memberId: [mate.memberId, stranger.memberId] }),
    ).toEqual([]);
  });

  test("a project role is deleted with its project", async () => {
    const { projectId } = await insertEnvironment(world, acme);
    const viewer = await givenTeammate(world, acme, "viewer");
    await given(acme).ok("members.setProjectRole", { memberId: viewer.memberId, projectId, role: "admin" });
    await given(acme).ok("projects.delete", { projectId });
    expect((await member(viewer.memberId)).projectRoles).toEqual([]);
  });
});

describe("the last owner", () => {
  test("the last owner cannot be demoted or removed and cannot leave", async () => {
    const owner = await givenTeammate(world, acme, "owner");
    const self = { memberId: owner.memberId };
    expect(await owner.attempt("members.update", { ...self, role: "admin" })).toEqual([409, "last_owner"]);
    expect(await owner.attempt("members.update", { ...self, role: null })).toEqual([409, "last_owner"]);
    expect(await owner.attempt("members.delete", self)).toEqual([409, "last_owner"]);
    expect(await owner.attempt("members.leave")).toEqual([409, "last_owner"]);
    expect(await owner.attempt("members.update", { ...self, role: "owner" })).toEqual([200]);
    const second = await givenTeammate(world, acme, "owner");
    expect(await second.attempt("members.update", { ...self, role: "admin" })).toEqual([200]);
    expect(await second.attempt("members.leave")).toEqual([409, "last_owner"]);
  });

  test("one owner remains when two owners demote each other, leave or are removed at once", async () => {
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
      await Promise.all([ada.attempt(one, input(one, bob.memberId)), bob.attempt(other, input(other, ada.memberId))]);
      const owners = await readRows(world.db.owner, members, {
        organizationId: organization.organizationId,
        role: "owner",
      });
      expect([one, other, owners.length]).toEqual([one, other, 1]);
    }
  });

  test.runIf(runsSideBySide())(
    "leaving is refused if a concurrent change has made the caller the last owner",
    async () => {
      const [ada, bob] = [await givenTeammate(world, acme, "owner"), await givenTeammate(world, acme, "owner")];
      const answer = await besideUncommitted(
        world,
        acme.organizationId,
        async (tx) => {
          await tx.execute(
            sql`select 1 from organizations where organization_id = ${acme.organizationId} for no key update`,
          );
          await updateRows(tx, members, { memberId: bob.memberId }, { role: "admin" });
        },
        () => ada.attempt("members.leave"),
      );
      expect(answer).toEqual([409, "last_owner"]);
    },
  );

  test.runIf(runsSideBySide())(
    "a request is refused if the caller loses the permission while it waits for a lock",
    async () => {
      const [ada, bob] = [await givenTeammate(world, acme, "admin"), await givenTeammate(world, acme, "viewer")];
      const answer = await besideUncommitted(
        world,
        acme.organizationId,
        async (tx) => {
          await tx.execute(
            sql`select 1 from organizations where organization_id = ${acme.organizationId} for no key update`,
          );
          await updateRows(tx, members, { memberId: ada.memberId }, { role: "viewer" });
        },
        () => ada.attempt("members.update", { memberId: bob.memberId, role: "developer" }),
      );
      expect(answer).toEqual([403, "forbidden"]);
      expect(await member(bob.memberId)).toMatchObject({ role: "viewer" });
    },
  );
});

describe("a removed member", () => {
  test("a removed member loses access by session and key at the next request, but not to other organizations", async () => {
    const beta = await world.organization();
    const ada = await givenTeammate(world, acme, "admin");
    await givenMember(world, beta.organizationId, ada, "viewer");
    const inBeta = { "x-organization-id": beta.organizationId };
    const inAcme = { "x-organization-id": acme.organizationId };
    await ada.browser.call("auth.setActiveOrganization", { organizationId: acme.organizationId });
    const creation = await ada.browser.call<{ key: string; apiKeyId: string }>(
      "keys.create",
      { name: "ci", role: "viewer" },
      inAcme,
    );
    const before = await world.callAs(registerSecret(creation.data.key))("projects.list");
    expect(before.status).toBe(200);
    expect((await ada.browser.call("members.list", {}, inAcme)).status).toBe(200);

    const removed = await given(acme).ok<Member>("members.delete", { memberId: ada.memberId });
    expect(removed).toMatchObject({ memberId: ada.memberId, email: ada.email, role: "admin", keysRevoked: 1 });

    const byKey = await world.callAs(creation.data.key)("projects.list");
    expect([byKey.status, byKey.error.data.reason]).toEqual([401, "key_revoked"]);
    expect((await ada.browser.call("members.list", {}, inAcme)).status).toBe(404);
    const session = await ada.browser.call<{ organization: { organizationId: string } }>("auth.session");
    expect(session.data.organization.organizationId).toBe(beta.organizationId);
    expect((await ada.browser.call("projects.list", {}, inBeta)).status).toBe(200);
    expect((await entries("members.delete")).map(({ objectName, changed }) => [objectName, changed])).toEqual([
      [ada.email, { userId: ada.userId, role: "admin", roleId: null, keysRevoked: 1 }],
    ]);
  });

  test("a removed member has no session left if it was their only organization", async () => {
    const ada = await givenTeammate(world, acme, "developer");
    await given(acme).ok("members.delete", { memberId: ada.memberId });
    expect(await ada.attempt("auth.session")).toEqual([401, "session_ended"]);
    expect(await readRows(world.db.owner, sessions, { userId: ada.userId })).toEqual([]);
  });

  test("a removed member who joins again does not get the old keys back", async () => {
    const ada = await givenTeammate(world, acme, "admin");
    const { data } = await ada.browser.call<{ key: string }>("keys.create", { name: "ci", role: "viewer" });
    registerSecret(data.key);
    await given(acme).ok("members.delete", { memberId: ada.memberId });
    await givenMember(world, acme.organizationId, ada, "owner");
    const answer = await world.callAs(data.key)("projects.list");
    expect([answer.status, answer.error.data.reason]).toEqual([401, "key_revoked"]);
  });

  test("a removed member cannot return with an invitation that was open at that time (PO-19)", async () => {
    const beta = await world.organization();
    const ada = await givenTeammate(world, beta, "viewer");
    const { url, invitationId } = await given(acme).ok<{ url: string; invitationId: string }>("invitations.create", {
      email: ada.email,
      role: "admin",
    });
    const memberId = await givenMember(world, acme.organizationId, ada, "viewer");
    await given(acme).ok("members.delete", { memberId });
    const token = registerSecret(url.slice(url.indexOf("#") + 1));
    expect(await ada.attempt("invitations.accept", { token })).toEqual([409, "invitation_revoked"]);
    const { items } = await given(acme).ok<{ items: { invitationId: string; state: string }[] }>(
      "invitations.list",
      {},
    );
    expect(items).toMatchObject([{ invitationId, state: "revoked" }]);
  });

  test("the projects and service accounts that a removed member created remain, with the accounts' keys", async () => {
    const ada = await givenTeammate(world, acme, "admin");
    const project = await ada.browser.call<{ projectId: string }>("projects.create", { name: "Project of Ada" });
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

describe("members.leave", () => {
  test("a member can leave without the permission to remove members", async () => {
    await givenTeammate(world, acme, "owner");
    const ada = await givenTeammate(world, acme, "viewer");
    const { data, status } = await ada.browser.call<Member>("members.leave");
    expect([status, data.memberId, data.keysRevoked]).toEqual([200, ada.memberId, 0]);
    expect(await ada.attempt("auth.session")).toEqual([401, "session_ended"]);
    expect((await entries("members.leave")).map(({ objectName, outcome }) => [objectName, outcome])).toEqual([
      [ada.email, "done"],
    ]);
  });

  test("a member leaves the organization of the request, and no other member can be named", async () => {
    const beta = await world.organization();
    const ada = await givenTeammate(world, acme, "viewer");
    const inBeta = await givenMember(world, beta.organizationId, ada, "viewer");
    const answer = await ada.browser.call<Member>("members.leave", {}, { "x-organization-id": beta.organizationId });
    expect(answer.data.memberId).toBe(inBeta);
    expect(await ada.attempt("members.list")).toEqual([200]);
    expect(await ada.attempt("members.leave", { memberId: inBeta })).toEqual([400, "invalid_input"]);
    const repeated = await ada.browser.call("members.leave", {}, { "x-organization-id": beta.organizationId });
    expect(repeated.status).toBe(404);
  });

  test("leaving with an API key returns 403 session_required", async () => {
    const { status, error } = await acme.call("members.leave");
    expect([status, error.data.reason]).toEqual([403, "session_required"]);
  });
});
