import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { insertEnvironment } from "#tests/support/environment";
import { givenMember, givenPerson } from "#tests/support/people";
import { givenSession } from "#tests/support/sessions";
import { type GivenOrganization, given as givenIn, openWorld, type World } from "#tests/support/world";

interface Shown {
  readonly applicationId: string;
  readonly environmentId: string;
  readonly projectId: string;
  readonly sync: { readonly changeId: string | null };
}

let world: World;
let acme: GivenOrganization;
let here: { projectId: string; environmentId: string };
let there: { projectId: string; environmentId: string };

beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization();
  [here, there] = [await insertEnvironment(world, acme), await insertEnvironment(world, acme)];
});
afterAll(() => world.close());

const given = () => givenIn(acme);
const application = async () =>
  (await given().application({ environmentId: here.environmentId, credential: { username: "ada" } })).applicationId;

describe("applications.move", () => {
  test("moves an application with its credentials to an environment of another project, and delivers nothing", async () => {
    const applicationId = await application();
    const { environmentId } = there;
    const moved = await given().ok<Shown>("applications.move", { applicationId, environmentId });
    expect(moved).toMatchObject({ applicationId, ...there, sync: { changeId: null } });
    expect(await given().ok<Shown>("applications.one", { applicationId })).toMatchObject(there);
    const { items } = await given().ok<{ items: unknown[] }>("security.list", { applicationId });
    expect(items).toHaveLength(1);
    const entries = await world.db.asOwner(
      `select changed from audit_entries where object_id = $1 and action = 'applications.move'`,
      [applicationId],
    );
    expect(entries).toEqual([{ changed: { environmentId: [here.environmentId, environmentId] } }]);
  });

  test("an environment of another organization, and one that does not exist, is refused with the same words", async () => {
    const applicationId = await application();
    const beta = await world.organization();
    const theirs = await insertEnvironment(world, beta);
    const answers = await Promise.all(
      [theirs.environmentId, "env_nowhere"].map((environmentId) =>
        acme.call("applications.move", { applicationId, environmentId }),
      ),
    );
    expect(answers.map(({ status, error }) => [status, error.data.reason])).toEqual(Array(2).fill([404, "not_found"]));
    const from = await beta.call("applications.move", { applicationId, environmentId: theirs.environmentId });
    expect(from.status).toBe(404);
    expect(await given().ok<Shown>("applications.one", { applicationId })).toMatchObject(here);
  });

  test("a member of the application's project alone cannot move it to another project", async () => {
    const applicationId = await application();
    const person = await givenPerson(world);
    const memberId = await givenMember(world, acme.organizationId, person, null);
    await given().ok("members.setProjectRole", { memberId, projectId: here.projectId, role: "developer" });
    const { browser } = await givenSession(world, person);
    const away = await browser.call("applications.move", { applicationId, environmentId: there.environmentId });
    expect(away.status).toBe(404);
    const { environmentId } = await given().ok<Shown>("environments.create", {
      projectId: here.projectId,
      name: "Staging",
    });
    const within = await browser.call("applications.move", { applicationId, environmentId });
    expect(within.status).toBe(200);
  });

  test("a viewer of the organization who develops the project alone gets 403 with the missing permission for another project", async () => {
    const applicationId = await application();
    const person = await givenPerson(world);
    const memberId = await givenMember(world, acme.organizationId, person, "viewer");
    await given().ok("members.setProjectRole", { memberId, projectId: here.projectId, role: "developer" });
    const { browser } = await givenSession(world, person);
    const away = await browser.call("applications.move", { applicationId, environmentId: there.environmentId });
    expect([away.status, away.error.data.reason]).toEqual([403, "forbidden"]);
  });

  test("an application that is moved while the target is deleted is moved and deleted with it, or stays", async () => {
    for (let round = 0; round < 5; round++) {
      const applicationId = await application();
      const target = await insertEnvironment(world, acme);
      const [moved, deleted] = await Promise.all([
        acme.call("applications.move", { applicationId, environmentId: target.environmentId }),
        acme.call("environments.delete", { environmentId: target.environmentId }),
      ]);
      expect(deleted.status).toBe(200);
      expect([200, 404]).toContain(moved.status);
      const after = await acme.call("applications.one", { applicationId });
      expect(after.status).toBe(moved.status === 200 ? 404 : 200);
    }
  });
});
