import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { grantable, permissions } from "../../../src/access/permissions";
import { registerSecret } from "../../support/secrets";
import { type GivenOrganization, given, openWorld, type World } from "../../support/world";
import { givenRole, givenTeammate } from "../members/given-team";

interface OwnRole {
  readonly roleId: string;
  readonly name: string;
  readonly permissions: string[];
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

const reasonOf = ({ status, error }: { status: number; error?: { data: { reason: string } } }) => [
  status,
  error?.data.reason,
];
const role = (roleId: string) => given(acme).ok<OwnRole>("roles.one", { roleId });

describe("a role of the organization's own (DK-11, PO-21)", () => {
  test("is made of words of the table, each once, in its order", async () => {
    const made = await given(acme).ok<OwnRole>("roles.create", {
      name: "Deployer",
      permissions: ["route:update", "project:read", "route:update"],
    });
    expect(made).toMatchObject({ name: "Deployer", permissions: ["project:read", "route:update"] });
    expect(await role(made.roleId)).toEqual(made);
    expect((await given(acme).ok<{ items: OwnRole[] }>("roles.list", {})).items).toEqual([made]);
  });

  test("gives all of the words that can be given, and none of one's own account", async () => {
    const all = await given(acme).ok<OwnRole>("roles.create", { name: "Everything", permissions: grantable });
    expect(all.permissions).toEqual(grantable);
    for (const word of permissions.filter((permission) => !grantable.includes(permission))) {
      const refused = await acme.call("roles.create", { name: "Account", permissions: ["project:read", word] });
      expect(reasonOf(refused)).toEqual([400, "unknown_permission"]);
      expect(refused.error.data.fields).toEqual({ "permissions.1": "unknown_permission" });
    }
  });

  test.each([["*"], ["project:*"], ["project"], ["__proto__"], ["owner"], ["Project:read"], ["project:read "]])(
    "%s is no word",
    async (word) => {
      expect(reasonOf(await acme.call("roles.create", { name: "x", permissions: [word] }))).toEqual([
        400,
        "unknown_permission",
      ]);
    },
  );

  test.each([
    {},
    { permissions: [] },
    { permissions: ["project:read"], organizationId: "org_x" },
    { permissions: ["project:read"], roleId: "rol_x" },
    { permissions: "project:read" },
    { permissions: ["project:read"], name: "two\nlines" },
  ])("%j is no input of its creation", async (input) => {
    expect(reasonOf(await acme.call("roles.create", { name: "x", ...input }))).toEqual([400, "invalid_input"]);
  });

  test("has a name of its own, and not that of a built-in one", async () => {
    const roleId = await givenRole(acme, ["project:read"]);
    const { name } = await role(roleId);
    for (const taken of [name, "owner", "Admin"]) {
      const made = await acme.call("roles.create", { name: taken, permissions: ["project:read"] });
      expect(reasonOf(made)).toEqual([409, "name_taken"]);
    }
    const other = await givenRole(acme, ["project:read"]);
    for (const taken of [name, "Viewer"]) {
      expect(reasonOf(await acme.call("roles.update", { roleId: other, name: taken }))).toEqual([409, "name_taken"]);
    }
    const beta = await world.organization();
    expect(reasonOf(await beta.call("roles.create", { name, permissions: ["project:read"] }))[0]).toBe(200);
  });

  test("changed, is changed for everybody who has it at the very next request; the audit has before and after", async () => {
    const roleId = await givenRole(acme, ["project:read", "project:create"]);
    const ada = await givenTeammate(world, acme, null);
    await given(acme).ok("members.update", { memberId: ada.memberId, roleId });
    expect(await ada.ask("projects.create", { name: "x" })).toEqual([200]);
    await given(acme).ok("roles.update", { roleId, permissions: ["project:read"] });
    expect(await ada.ask("projects.create", { name: "x" })).toEqual([403, "forbidden"]);
    const [entry] = await world.db.asOwner<{ changed: unknown }>(
      "select changed from audit_entries where action = 'roles.update' and object_id = $1",
      [roleId],
    );
    expect(entry?.changed).toEqual({ permissions: [["project:read", "project:create"], ["project:read"]] });
  });
});

describe("privilege escalation by an own role (DK-15)", () => {
  test("nobody makes one of what they do not have", async () => {
    const admin = await givenTeammate(world, acme, "admin");
    const make = (words: string[]) => admin.ask("roles.create", { name: `R ${words.length}`, permissions: words });
    expect(await make(["organization:delete"])).toEqual([403, "role_above_own"]);
    expect(await make(["project:read", "provider:create"])).toEqual([403, "role_above_own"]);
    expect(await make(["project:read", "organization:update", "audit:read"])).toEqual([200]);
  });

  test("nobody gains by changing the one that they have", async () => {
    const words = ["project:read", "role:read", "role:create", "role:update", "role:delete"];
    const roleId = await givenRole(acme, words);
    const clerk = await givenTeammate(world, acme, null);
    await given(acme).ok("members.update", { memberId: clerk.memberId, roleId });
    for (const more of ["security:read", "member:update", "organization:delete"]) {
      expect(await clerk.ask("roles.update", { roleId, permissions: [...words, more] })).toEqual([
        403,
        "role_above_own",
      ]);
    }
    expect((await role(roleId)).permissions).toEqual(words);
    expect(await clerk.ask("roles.update", { roleId, name: "Clerk" })).toEqual([200]);
  });

  test("nobody changes or deletes one that has more than they: not its name either", async () => {
    const strong = await givenRole(acme, ["organization:delete"]);
    const admin = await givenTeammate(world, acme, "admin");
    expect(await admin.ask("roles.update", { roleId: strong, name: "Harmless" })).toEqual([403, "role_above_own"]);
    expect(await admin.ask("roles.update", { roleId: strong, permissions: ["project:read"] })).toEqual([
      403,
      "role_above_own",
    ]);
    expect(await admin.ask("roles.delete", { roleId: strong })).toEqual([403, "role_above_own"]);
    expect(await admin.ask("members.update", { memberId: admin.memberId, roleId: strong })).toEqual([
      403,
      "role_above_own",
    ]);
  });

  test("a key makes none of more than its own words", async () => {
    const { key } = await given(acme).ok<{ key: string }>("keys.create", { name: "iam", scopes: ["role:create"] });
    const call = world.callAs(registerSecret(key));
    expect(reasonOf(await call("roles.create", { name: "x", permissions: ["role:update"] }))).toEqual([
      403,
      "role_above_own",
    ]);
    expect(reasonOf(await call("roles.create", { name: "x", permissions: ["role:create"] }))[0]).toBe(200);
  });
});

describe("a role is deleted", () => {
  test("only when nobody has it", async () => {
    const { ok } = given(acme);
    const { projectId } = await ok<{ projectId: string }>("projects.create", { name: "P" });
    const users: Record<string, (roleId: string) => Promise<() => Promise<unknown>>> = {
      "a member": async (roleId) => {
        const { memberId } = await givenTeammate(world, acme, null);
        await ok("members.update", { memberId, roleId });
        return () => ok("members.update", { memberId, role: "viewer" });
      },
      "a project role": async (roleId) => {
        const { memberId } = await givenTeammate(world, acme, null);
        await ok("members.setProjectRole", { memberId, projectId, roleId });
        return () => ok("members.setProjectRole", { memberId, projectId, role: null });
      },
      "an open invitation": async (roleId) => {
        const { invitationId } = await ok<{ invitationId: string }>("invitations.create", {
          email: `${roleId}@example.org`,
          roleId,
        });
        return () => ok("invitations.delete", { invitationId });
      },
      "a service account": async (roleId) => {
        const made = await ok<{ serviceAccountId: string }>("serviceAccounts.create", { name: roleId, roleId });
        return () => ok("serviceAccounts.delete", { serviceAccountId: made.serviceAccountId });
      },
      "a live key": async (roleId) => {
        const { apiKeyId, key } = await ok<{ apiKeyId: string; key: string }>("keys.create", { name: "k", roleId });
        registerSecret(key);
        return () => ok("keys.delete", { apiKeyId });
      },
    };
    for (const [who, give] of Object.entries(users)) {
      const roleId = await givenRole(acme, ["project:read"]);
      const take = await give(roleId);
      expect([who, ...reasonOf(await acme.call("roles.delete", { roleId }))]).toEqual([who, 409, "role_in_use"]);
      await take();
      expect([who, ...reasonOf(await acme.call("roles.delete", { roleId }))]).toEqual([who, 200, undefined]);
      expect(reasonOf(await acme.call("roles.one", { roleId }))).toEqual([404, "not_found"]);
    }
  });

  test("a dead key keeps the words that it had", async () => {
    const { ok } = given(acme);
    const roleId = await givenRole(acme, ["project:read", "route:read"]);
    const { apiKeyId, key } = await ok<{ apiKeyId: string; key: string }>("keys.create", { name: "k", roleId });
    registerSecret(key);
    await ok("keys.delete", { apiKeyId });
    await ok("roles.delete", { roleId });
    expect(await ok("keys.one", { apiKeyId })).toMatchObject({ roleId: null, scopes: ["project:read", "route:read"] });
  });

  test("of another organization's nothing is touched", async () => {
    const beta = await world.organization();
    const roleId = await givenRole(beta, ["project:read"]);
    await given(beta).ok("invitations.create", { email: "a@example.org", roleId });
    for (const procedure of ["roles.one", "roles.delete"]) {
      expect(reasonOf(await acme.call(procedure, { roleId }))).toEqual([404, "not_found"]);
    }
    expect(reasonOf(await acme.call("roles.update", { roleId, name: "x" }))).toEqual([404, "not_found"]);
    expect((await given(beta).ok<{ items: unknown[] }>("invitations.list", {})).items).toHaveLength(1);
  });
});
