import { afterAll, beforeAll, expect, test } from "vitest";
import { grantable, permissions, permissionsOf, roles } from "#src/access/permissions";
import { insertKey, insertPerson, insertProjectRole } from "#tests/http/matrix/acme";
import { insertEnvironment } from "#tests/support/environment";
import { givenMember } from "#tests/support/people";
import { givenSession } from "#tests/support/sessions";
import { openWorld, type World } from "#tests/support/world";

interface Session {
  readonly principal: { kind: string; apiKeyId: string; userId: string | null; role: string };
  readonly organization: { organizationId: string; root: boolean };
  readonly permissions: string[];
  readonly projects: { projectId: string; permissions: string[] }[];
}

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const installationWide = [
  "organization:create",
  "gateway:create",
  "gateway:update",
  "gateway:delete",
  "installation-audit:read",
];

test.each(roles)(
  "auth.session returns the principal, the organization and the permissions of the role %s",
  async (role) => {
    const acme = await world.organization();
    const answer = await world.callAs(await acme.key(role))<Session>("auth.session");
    expect(answer.data).toMatchObject({
      principal: { kind: "apiKey", apiKeyId: expect.stringMatching(/^key_/), userId: null, role },
      organization: { organizationId: acme.organizationId, root: false },
    });
    const held = permissions.filter((permission) => permissionsOf(role).has(permission));
    expect(answer.data.permissions).toEqual(held.filter((permission) => !installationWide.includes(permission)));
    expect(answer.data.permissions).toContain("application:read");
  },
);

test("an owner key of the root organization holds every permission that a key can be granted", async () => {
  const root = await world.organization({ root: true });
  expect((await root.call<Session>("auth.session")).data.permissions).toEqual([...grantable]);
  const admin = world.callAs(await root.key("admin"));
  const held = (await admin<Session>("auth.session")).data.permissions;
  expect(held.filter((permission) => installationWide.includes(permission))).toEqual([]);
});

test("auth.session rejects an organizationId, so it never describes another organization", async () => {
  const [acme, beta] = [await world.organization(), await world.organization()];
  const refused = await acme.call("auth.session", { organizationId: beta.organizationId });
  expect([refused.status, refused.error?.data.reason]).toEqual([400, "invalid_input"]);
});

test("a member of one project gets the permissions at that project, and none at the organization", async () => {
  const acme = await world.organization();
  const { projectId } = await insertEnvironment(world, acme);
  await insertEnvironment(world, acme);
  const person = await insertPerson(world);
  const memberId = await givenMember(world, acme.organizationId, person, null);
  await insertProjectRole(world, acme, memberId, projectId, "viewer");
  const { browser } = await givenSession(world, person);
  const { permissions: atOrganization, projects } = (await browser.call<Session>("auth.session")).data;
  expect(atOrganization).toEqual(["account:read", "account:update"]);
  expect(projects.map((one) => one.projectId)).toEqual([projectId]);
  expect(projects[0]?.permissions).toContain("application:read");
  expect(projects[0]?.permissions).not.toContain("application:create");
});

test("a role at a project adds only what the role at the organization does not give", async () => {
  const acme = await world.organization();
  const { projectId } = await insertEnvironment(world, acme);
  const person = await insertPerson(world);
  const memberId = await givenMember(world, acme.organizationId, person, "viewer");
  await insertProjectRole(world, acme, memberId, projectId, "developer");
  const { browser } = await givenSession(world, person);
  const [at] = (await browser.call<Session>("auth.session")).data.projects;
  expect(at?.permissions).toContain("route:create");
  expect(at?.permissions).not.toContain("route:read");
});

test("an owner has no further permissions at projects, and a key for one project has all of its own there", async () => {
  const acme = await world.organization();
  const { projectId } = await insertEnvironment(world, acme);
  expect((await acme.call<Session>("auth.session")).data.projects).toEqual([]);
  const key = await insertKey(world, acme, { role: "viewer", permissions: null }, { projectId });
  const { projects } = (await world.callAs(key)<Session>("auth.session")).data;
  expect(projects.map((one) => one.projectId)).toEqual([projectId]);
  expect(projects[0]?.permissions).toContain("application:read");
});

test("a session that waits for its second factor sees no projects", async () => {
  const acme = await world.organization();
  const { projectId } = await insertEnvironment(world, acme);
  const person = await insertPerson(world);
  const memberId = await givenMember(world, acme.organizationId, person, null);
  await insertProjectRole(world, acme, memberId, projectId, "owner");
  const { browser } = await givenSession(world, person, { stage: "second_factor" });
  expect((await browser.call<Session>("auth.session")).data.projects).toEqual([]);
});
