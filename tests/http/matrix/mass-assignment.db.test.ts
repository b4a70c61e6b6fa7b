import { afterAll, beforeAll, expect, test } from "vitest";
import { openWorld, type World } from "#tests/support/world";
import { type Acme, openAcme } from "./acme";
import { requestByOwner } from "./asked-by-owner";
import { procedures } from "./procedures";

/** Fields that would give a caller more rights or another organization if an input accepted them. */
const fields = [
  ...["organizationId", "userId", "role", "roleId", "permissions", "scopes"],
  ...["root", "upstreams", "createdAt", "hash", "stage", "version"],
] as const;

/** The procedures that take such a field on purpose. Other tests check the rights of the caller to use it. */
const intended: Readonly<Record<string, readonly (typeof fields)[number][]>> = {
  "auth.setActiveOrganization": ["organizationId"],
  "organizations.create": ["upstreams"],
  "organizations.one": ["organizationId"],
  "organizations.update": ["organizationId"],
  "organizations.preview": ["organizationId"],
  "organizations.delete": ["organizationId"],
  "keys.create": ["role", "roleId", "scopes"],
  "invitations.create": ["role", "roleId"],
  "members.update": ["role", "roleId"],
  "members.setProjectRole": ["role", "roleId"],
  "serviceAccounts.create": ["role", "roleId"],
  "serviceAccounts.update": ["role", "roleId"],
  "roles.create": ["permissions"],
  "roles.one": ["roleId"],
  "roles.update": ["roleId", "permissions"],
  "roles.delete": ["roleId"],
  "routes.create": ["upstreams"],
  "routes.update": ["upstreams"],
  "providers.create": ["scopes"],
  "providers.update": ["scopes"],
};

let world: World;
let fixture: Acme;
beforeAll(async () => {
  world = await openWorld();
  fixture = await openAcme(world);
});
afterAll(() => world.close());

test("every procedure in the list of intended fields exists", () => {
  expect(Object.keys(intended).filter((procedure) => !procedures.has(procedure))).toEqual([]);
});

test.each([...procedures.keys()])(
  "%s refuses fields that it does not define (mass assignment, DK-15)",
  async (procedure) => {
    const foreign = fields.filter((field) => !intended[procedure]?.includes(field));
    const { session, input } = await requestByOwner(world, fixture, procedure);
    const extra = Object.fromEntries(foreign.map((field) => [field, fixture.beta.organizationId]));
    const answer = await session.browser.call(procedure, { ...extra, ...input });
    expect([answer.status, answer.error?.data.reason]).toEqual([400, "invalid_input"]);
    expect(answer.error.data.fields).toEqual(Object.fromEntries(foreign.map((field) => [field, "unknown_field"])));
  },
);
