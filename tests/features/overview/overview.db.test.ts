import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { insertPerson, insertProjectRole } from "#tests/http/matrix/acme";
import type { Call } from "#tests/support/call-response";
import { insertEnvironment, type ProjectAndEnvironment } from "#tests/support/environment";
import { givenMember } from "#tests/support/people";
import { givenSession } from "#tests/support/sessions";
import { type GivenOrganization, given, openWorld, type World } from "#tests/support/world";
import { deliveredBy } from "../sync/delivered";

interface Overview {
  readonly applications: Readonly<Record<string, number>>;
  readonly needsAttention: readonly { readonly name: string; readonly state: string; readonly reason: string }[];
  readonly exposedNames: Readonly<Record<string, unknown>> | null;
  readonly gateways: readonly Readonly<Record<string, unknown>>[] | null;
  readonly changes: readonly { readonly action: string; readonly object: { readonly name: string | null } }[] | null;
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

const overview = async (call: Call = acme.call) => {
  const answer = await call<Overview>("overview.get");
  expect(answer.status).toBe(200);
  return answer.data;
};
const application = async (name: string, environmentId = inserted.environmentId) => {
  const { applicationId } = await given(acme).application({
    name,
    environmentId,
    access: "protected",
    route: { host: `${name.toLowerCase()}-${port}.example.org`, upstreams: [{ url: `http://127.0.0.1:${port}` }] },
  });
  await given(acme).credential(applicationId);
  return applicationId;
};

test("an organization without applications has zeros and nothing that needs attention", async () => {
  const { applications, needsAttention, gateways } = await overview();
  expect(applications).toEqual({ total: 0, public: 0, protected: 0, closed: 0, exposed: 0, unknown: 0 });
  expect(needsAttention).toEqual([]);
  expect(gateways).toMatchObject([{ gatewayId: world.gatewayId, led: false, cause: null, pending: 0 }]);
});

test("applications are counted by exposure, and a visitor who was let in is the first that needs attention", async () => {
  const sync = deliveredBy(world, world.gatewayId);
  const reasons = [
    "quarantined",
    "not_our_router",
    "proof_is_old",
    "still_there",
    "passed",
    "tags_are_off",
    null,
  ] as const;
  const ids: string[] = [];
  for (const at of reasons.keys()) ids.push(await application(`App${at}`));
  await application("Pending");
  await world.db.asOwner("update changes set delivered_in = 5 where application_id = any($1)", [ids]);
  await sync.load(5);
  for (const [at, reason] of reasons.entries()) {
    const applicationId = ids[at] ?? "";
    const isWord = reason !== null && reason !== "quarantined" && reason !== "proof_is_old";
    await sync.state(acme.organizationId, applicationId, 5, isWord ? { unproven: reason } : { proven: 5 });
    if (reason === "quarantined")
      await world.db.asOwner("update application_states set form = 'closed' where application_id = $1", [
        applicationId,
      ]);
    if (reason === "proof_is_old")
      await world.db.asOwner(
        "update application_states set proved_at = now() - interval '1 hour' where application_id = $1",
        [applicationId],
      );
  }
  for (const [at, reason] of [
    [3, "still_there"],
    [4, "passed"],
  ] as const)
    await sync.expose(ids[at] ?? "", reason);
  const { applications, needsAttention } = await overview();
  expect(applications).toEqual({ total: 8, public: 0, protected: 1, closed: 1, exposed: 2, unknown: 4 });
  expect(needsAttention.map(({ name, state, reason }) => [name, state, reason])).toEqual([
    ["App4", "exposed", "passed"],
    ["App3", "exposed", "still_there"],
    ["App1", "unknown", "not_our_router"],
    ["App0", "closed", "quarantined"],
    ["App2", "unknown", "proof_is_old"],
  ]);
});

test("a deleted application whose name still answers is shown to those who see every application of the organization", async () => {
  const sync = deliveredBy(world, world.gatewayId);
  const applicationId = await application("Gone");
  await sync.state(acme.organizationId, applicationId, 5, { unproven: "still_there" });
  await sync.expose(applicationId, "still_there", { request: "HEAD gone.example.org/", status: 401 });
  expect((await overview()).exposedNames).toEqual({ total: 0, items: [] });
  await given(acme).ok("applications.delete", { applicationId });
  const { applications, exposedNames } = await overview();
  expect(applications).toMatchObject({ total: 0, exposed: 0 });
  expect(exposedNames).toMatchObject({
    total: 1,
    items: [
      {
        applicationId,
        reason: "still_there",
        alarm: { request: "HEAD gone.example.org/", status: 401, answeredBy: "other_router" },
      },
    ],
  });
  const beta = await world.organization();
  expect((await overview(beta.call)).exposedNames).toEqual({ total: 0, items: [] });
  const person = await insertPerson(world);
  const memberId = await givenMember(world, acme.organizationId, person, null);
  await insertProjectRole(world, acme, memberId, inserted.projectId, "viewer");
  expect((await overview((await givenSession(world, person)).browser.call)).exposedNames).toBeNull();
});

test("the newest changes are shown to those who may read the audit log, and sign-ins are none", async () => {
  for (const name of ["A", "B", "C", "D", "E"]) await application(name);
  const { changes } = await overview();
  expect(changes).toHaveLength(8);
  expect(changes?.[0]).toMatchObject({ action: "security.create", object: { name: "ada" } });
  expect(changes?.map(({ action }) => action)).not.toContain("auth.signIn");
  expect((await overview(world.callAs(await acme.key("viewer")))).changes).toBeNull();
});

test("another organization's applications, changes and pending rows are in no overview", async () => {
  await application("Secret");
  const beta = await world.organization();
  const answer = await beta.call<Overview>("overview.get");
  expect(answer.data.applications.total).toBe(0);
  expect(answer.data.gateways).toMatchObject([{ gatewayId: world.gatewayId, pending: 0, revision: 0 }]);
  expect(answer.data.changes).toEqual([]);
  expect(answer.text).not.toContain("Secret");
});

test("a member of one project sees the numbers of that project alone, and neither gateways nor changes", async () => {
  const elsewhere = await insertEnvironment(world, acme);
  await application("Mine");
  await application("Theirs", elsewhere.environmentId);
  const person = await insertPerson(world);
  const memberId = await givenMember(world, acme.organizationId, person, null);
  await insertProjectRole(world, acme, memberId, inserted.projectId, "viewer");
  const { browser } = await givenSession(world, person);
  const seen = await overview(browser.call);
  expect(seen.applications).toMatchObject({ total: 1, unknown: 1 });
  expect([seen.gateways, seen.changes]).toEqual([null, null]);
  expect(JSON.stringify(seen)).not.toContain("Theirs");
});
