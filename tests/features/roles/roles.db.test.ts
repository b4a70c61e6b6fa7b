import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { auditEntries } from "#drizzle/audit";
import { grantable, permissions } from "#src/access/permissions";
import { reasonOf } from "#tests/support/call-response";
import { readRows } from "#tests/support/rows/table";
import { registerSecret } from "#tests/support/secrets";
import { type GivenOrganization, given, openWorld, type World } from "#tests/support/world";
import { givenRole, givenTeammate } from "../members/given-team";

interface CustomRole {
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

const role = (roleId: string) => given(acme).ok<CustomRole>("roles.one", { roleId });

describe("custom roles (DK-11, PO-21)", () => {
  test("a custom role has each of its permissions once, in the order of the permission table", async () => {
    const created = await given(acme).ok<CustomRole>("roles.create", {
      name: "Deployer",
      permissions: ["route:update", "project:read", "route:update"],
    });
    expect(created).toMatchObject({ name: "Deployer", permissions: ["project:read", "route:update"] });
    expect(await role(created.roleId)).toEqual(created);
    expect((await given(acme).ok<{ items: CustomRole[] }>("roles.list", {})).items).toEqual([created]);
  });

  test("a custom role can have every grantable permission and no permission for the person's own account", async () => {
    const all = await given(acme).ok<CustomRole>("roles.create", { name: "Everything", permissions: grantable });
    expect(all.permissions).toEqual(grantable);
    for (const notGrantable of permissions.filter((permission) => !grantable.includes(permission))) {
      const refused = await acme.call("roles.create", { name: "Account", permissions: ["project:read", notGrantable] });
      expect(reasonOf(refused)).toEqual([400, "unknown_permission"]);
      expect(refused.error.data.fields).toEqual({ "permissions.1": "unknown_permission" });
    }
  });

  test.each([["*"], ["project:*"], ["project"], ["__proto__"], ["owner"], ["Project:read"], ["project:read "]])(
    "%s is rejected as a permission of a custom role",
    async (permission) => {
      expect(reasonOf(await acme.call("roles.create", { name: "x", permissions: [permission] }))).toEqual([
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
  ])("roles.create rejects the input %j", async (input) => {
    expect(reasonOf(await acme.call("roles.create", { name: "x", ...input }))).toEqual([400, "invalid_input"]);
  });

  test("a role's name is unique in the organization and differs from the built-in roles", async () => {
    const roleId = await givenRole(acme, ["project:read"]);
    const { name } = await role(roleId);
    for (const taken of [name, "owner", "Admin"]) {
      const answer = await acme.call("roles.create", { name: taken, permissions: ["project:read"] });
      expect(reasonOf(answer)).toEqual([409, "name_taken"]);
    }
    const other = await givenRole(acme, ["project:read"]);
    for (const taken of [name, "Viewer"]) {
      expect(reasonOf(await acme.call("roles.update", { roleId: other, name: taken }))).toEqual([409, "name_taken"]);
    }
    const beta = await world.organization();
    expect(reasonOf(await beta.call("roles.create", { name, permissions: ["project:read"] }))[0]).toBe(200);
  });

  test("a change of a custom role applies to its members at their next request and is audited with both values", async () => {
    const roleId = await givenRole(acme, ["project:read", "project:create"]);
    const ada = await givenTeammate(world, acme, null);
    await given(acme).ok("members.update", { memberId: ada.memberId, roleId });
    expect(await ada.attempt("projects.create", { name: "x" })).toEqual([200]);
    await given(acme).ok("roles.update", { roleId, permissions: ["project:read"] });
    expect(await ada.attempt("projects.create", { name: "x" })).toEqual([403, "forbidden"]);
    const [entry] = await readRows(world.db.owner, auditEntries, { action: "roles.update", objectId: roleId }, [
      "changed",
    ]);
    expect(entry?.changed).toEqual({ permissions: [["project:read", "project:create"], ["project:read"]] });
  });
});

describe("privilege escalation by a custom role (DK-15)", () => {
  test("a member cannot create a role with permissions that the member does not have", async () => {
    const admin = await givenTeammate(world, acme, "admin");
    const create = (rolePermissions: string[]) =>
      admin.attempt("roles.create", { name: `R ${rolePermissions.length}`, permissions: rolePermissions });
    expect(await create(["organization:delete"])).toEqual([403, "role_above_own"]);
    expect(await create(["project:read", "provider:create"])).toEqual([403, "role_above_own"]);
    expect(await create(["project:read", "organization:update", "audit:read"])).toEqual([200]);
  });

  test("a member cannot gain permissions by changing their own custom role", async () => {
    const rolePermissions = ["project:read", "role:read", "role:create", "role:update", "role:delete"];
    const roleId = await givenRole(acme, rolePermissions);
    const clerk = await givenTeammate(world, acme, null);
    await given(acme).ok("members.update", { memberId: clerk.memberId, roleId });
    for (const added of ["security:read", "member:update", "organization:delete"]) {
      expect(await clerk.attempt("roles.update", { roleId, permissions: [...rolePermissions, added] })).toEqual([
        403,
        "role_above_own",
      ]);
    }
    expect((await role(roleId)).permissions).toEqual(rolePermissions);
    expect(await clerk.attempt("roles.update", { roleId, name: "Clerk" })).toEqual([200]);
  });

  test("a member cannot change, rename or delete a role that has more permissions than the member", async () => {
    const strong = await givenRole(acme, ["organization:delete"]);
    const admin = await givenTeammate(world, acme, "admin");
    expect(await admin.attempt("roles.update", { roleId: strong, name: "Harmless" })).toEqual([403, "role_above_own"]);
    expect(await admin.attempt("roles.update", { roleId: strong, permissions: ["project:read"] })).toEqual([
      403,
      "role_above_own",
    ]);
    expect(await admin.attempt("roles.delete", { roleId: strong })).toEqual([403, "role_above_own"]);
    expect(await admin.attempt("members.update", { memberId: admin.memberId, roleId: strong })).toEqual([
      403,
      "role_above_own",
    ]);
  });

  test("a key cannot create a role with more than its own permissions", async () => {
    const { key } = await given(acme).ok<{ key: string }>("keys.create", { name: "iam", scopes: ["role:create"] });
    const call = world.callAs(registerSecret(key));
    expect(reasonOf(await call("roles.create", { name: "x", permissions: ["role:update"] }))).toEqual([
      403,
      "role_above_own",
    ]);
    expect(reasonOf(await call("roles.create", { name: "x", permissions: ["role:create"] }))[0]).toBe(200);
  });
});

describe("roles.delete", () => {
  test("deletes a role only when nothing uses it", async () => {
    const { ok } = given(acme);
    const { projectId } = await ok<{ projectId: string }>("projects.create", { name: "P" });
    const usages: Record<string, (roleId: string) => Promise<() => Promise<unknown>>> = {
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
        const created = await ok<{ serviceAccountId: string }>("serviceAccounts.create", { name: roleId, roleId });
        return () => ok("serviceAccounts.delete", { serviceAccountId: created.serviceAccountId });
      },
      "a live key": async (roleId) => {
        const { apiKeyId, key } = await ok<{ apiKeyId: string; key: string }>("keys.create", { name: "k", roleId });
        registerSecret(key);
        return () => ok("keys.delete", { apiKeyId });
      },
    };
    for (const [usage, assign] of Object.entries(usages)) {
      const roleId = await givenRole(acme, ["project:read"]);
      const unassign = await assign(roleId);
      expect([usage, ...reasonOf(await acme.call("roles.delete", { roleId }))]).toEqual([usage, 409, "role_in_use"]);
      await unassign();
      expect([usage, ...reasonOf(await acme.call("roles.delete", { roleId }))]).toEqual([usage, 200, undefined]);
      expect(reasonOf(await acme.call("roles.one", { roleId }))).toEqual([404, "not_found"]);
    }
  });

  test("a revoked key keeps the permissions of its deleted role", async () => {
    const { ok } = given(acme);
    const roleId = await givenRole(acme, ["project:read", "route:read"]);
    const { apiKeyId, key } = await ok<{ apiKeyId: string; key: string }>("keys.create", { name: "k", roleId });
    registerSecret(key);
    await ok("keys.delete", { apiKeyId });
    await ok("roles.delete", { roleId });
    expect(await ok("keys.one", { apiKeyId })).toMatchObject({ roleId: null, scopes: ["project:read", "route:read"] });
  });

  test("a role of another organization can be neither read nor changed nor deleted", async () => {
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
