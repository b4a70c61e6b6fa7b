import { afterAll, beforeAll, expect, test } from "vitest";
import { openWorld, type World } from "../../support/world";
import { type Acme, openAcme } from "./acme";
import { askedByOwner } from "./asked-by-owner";
import { procedures } from "./procedures";

/** What would make somebody more than they are, or put what they make somewhere else, if any input took it. */
const fields = [
  ...["organizationId", "userId", "role", "roleId", "permissions", "scopes"],
  ...["root", "upstreams", "createdAt", "hash", "stage"],
] as const;

/** Where one of them is what the verb is about; a caller's right to it has tests of its own. */
const meant: Readonly<Record<string, readonly (typeof fields)[number][]>> = {
  "auth.setActiveOrganization": ["organizationId"],
  "organizations.one": ["organizationId"],
  "organizations.update": ["organizationId"],
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
let where: Acme;
beforeAll(async () => {
  world = await openWorld();
  where = await openAcme(world);
});
afterAll(() => world.close());

test("what is meant by a verb names verbs that there are", () => {
  expect(Object.keys(meant).filter((procedure) => !procedures.has(procedure))).toEqual([]);
});

test.each([...procedures.keys()])(
  "%s takes none of what it is not about (mass assignment, DK-15)",
  async (procedure) => {
    const foreign = fields.filter((field) => !meant[procedure]?.includes(field));
    const { session, input } = await askedByOwner(world, where, procedure);
    const more = Object.fromEntries(foreign.map((field) => [field, where.beta.organizationId]));
    const answer = await session.browser.call(procedure, { ...more, ...input });
    expect([answer.status, answer.error?.data.reason]).toEqual([400, "invalid_input"]);
    expect(answer.error.data.fields).toEqual(Object.fromEntries(foreign.map((field) => [field, "unknown_field"])));
  },
);
