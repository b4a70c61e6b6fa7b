import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { insertPerson, insertProjectRole } from "#tests/http/matrix/acme";
import type { Call } from "#tests/support/call-response";
import { insertEnvironment, type ProjectAndEnvironment } from "#tests/support/environment";
import { givenMember } from "#tests/support/people";
import { givenSession } from "#tests/support/sessions";
import { type GivenOrganization, given, openWorld, type World } from "#tests/support/world";

interface Hit {
  readonly kind: string;
  readonly id: string;
  readonly title: string;
  readonly application: { readonly applicationId: string; readonly name: string } | null;
}

let world: World;
let acme: GivenOrganization;
let inserted: ProjectAndEnvironment;
let port = 9_000;

beforeAll(async () => {
  world = await openWorld();
});
beforeEach(async () => {
  port++;
  acme = await world.organization();
  inserted = await insertEnvironment(world, acme);
});
afterAll(() => world.close());

const search = async (text: string, call: Call = acme.call) => {
  const answer = await call<{ items: Hit[] }>("search", { text });
  expect(answer.status).toBe(200);
  return answer.data.items;
};
const found = async (text: string, call?: Call) => (await search(text, call)).map(({ kind, title }) => [kind, title]);

async function application(name: string, environmentId = inserted.environmentId) {
  const { applicationId } = await given(acme).application({
    name,
    environmentId,
    access: "protected",
    route: { host: `needle-${name}-${port}.example.org`, upstreams: [{ url: `http://127.0.0.1:${port}` }] },
  });
  await given(acme).credential(applicationId, "needle-user");
  return applicationId;
}

test("finds every kind of object by a part of its name, in any case, and what begins with the text first", async () => {
  const applicationId = await application("wiki");
  await given(acme).ok("applications.update", { applicationId, name: "The Needle wiki" });
  await given(acme).ok("projects.create", { name: "Needles" });
  const person = await insertPerson(world);
  await world.db.asOwner("update users set email = $2, name = 'Ada Needle' where user_id = $1", [
    person.userId,
    `ada-${port}@example.org`,
  ]);
  await givenMember(world, acme.organizationId, person, "viewer");
  expect(await found("nEEdle")).toEqual([
    ["host", `needle-wiki-${port}.example.org`],
    ["credential", "needle-user"],
    ["project", "Needles"],
    ["application", "The Needle wiki"],
    ["member", `ada-${port}@example.org`],
  ]);
  const [host] = await search(`needle-wiki-${port}`);
  expect(host).toMatchObject({ kind: "host", application: { applicationId, name: "The Needle wiki" } });
  expect(await found(world.gatewayId.slice(4))).toEqual([["gateway", world.gatewayId]]);
});

test("returns 20 hits at most, and takes % and _ as they are", async () => {
  for (let at = 0; at < 12; at++)
    await given(acme).application({ name: `Shop ${at}`, environmentId: inserted.environmentId });
  for (let at = 0; at < 12; at++) await given(acme).ok("projects.create", { name: `Shop ${at}` });
  expect(await search("shop")).toHaveLength(20);
  for (const text of ["%", "_hop", "S%p", "' or true --", "\\"]) expect(await found(text)).toEqual([]);
});

test.each(["", " ", "x".repeat(256), "a\u0000", 7, undefined])("refuses the text %j with 400", async (text) => {
  const refused = await acme.call("search", { text });
  expect([refused.status, refused.error.data.reason]).toEqual([400, "invalid_input"]);
});

test("another organization finds nothing of it", async () => {
  await application("wiki");
  const beta = await world.organization();
  expect(await found("needle", beta.call)).toEqual([]);
  expect(await found("wiki", beta.call)).toEqual([]);
});

test("a member of one project finds that project's objects alone, and no members or gateways", async () => {
  const elsewhere = await insertEnvironment(world, acme);
  await application("mine");
  await application("theirs", elsewhere.environmentId);
  const person = await insertPerson(world);
  const memberId = await givenMember(world, acme.organizationId, person, null);
  await insertProjectRole(world, acme, memberId, inserted.projectId, "viewer");
  const { browser } = await givenSession(world, person);
  const call: Call = browser.call;
  expect(await found("needle", call)).toEqual([
    ["host", `needle-mine-${port}.example.org`],
    ["credential", "needle-user"],
  ]);
  expect(await found("project", call)).toHaveLength(1);
  expect(await found("example.org", call)).toEqual([["host", `needle-mine-${port}.example.org`]]);
  expect(await found(world.gatewayId, call)).toEqual([]);
});

test("a caller finds only the kinds that they may read", async () => {
  await application("wiki");
  const { roleId } = await given(acme).ok<{ roleId: string }>("roles.create", {
    name: "Names only",
    permissions: ["application:read"],
  });
  const { key } = await given(acme).ok<{ key: string }>("keys.create", { name: "names", roleId });
  expect(await found("needle", world.callAs(key))).toEqual([]);
  expect(await found("wiki", world.callAs(key))).toEqual([["application", "wiki"]]);
});
