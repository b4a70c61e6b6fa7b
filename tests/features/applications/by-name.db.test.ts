import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { insertKey, insertPerson, insertProjectRole } from "#tests/http/matrix/acme";
import { givenMember } from "#tests/support/people";
import { givenSession } from "#tests/support/sessions";
import { type GivenOrganization, given, openWorld, type World } from "#tests/support/world";

interface Created {
  readonly applicationId: string;
  readonly environmentId: string;
  readonly projectId: string;
}

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const inDefault = { project: { name: "Default" }, environment: { name: "Production" } };

const namesOf = async ({ organizationId }: GivenOrganization) => ({
  projects: (
    await world.db.asOwner<{ name: string }>("select name from projects where organization_id = $1 order by name", [
      organizationId,
    ])
  ).map(({ name }) => name),
  environments: (
    await world.db.asOwner<{ name: string }>("select name from environments where organization_id = $1 order by name", [
      organizationId,
    ])
  ).map(({ name }) => name),
});

describe("an application whose project and environment are named", () => {
  test("gets a new project and environment, in one unit of work with its route and credential", async () => {
    const acme = await world.organization();
    const created = await given(acme).ok<Created & { sync: { changeId: string } }>("applications.create", {
      name: "Wiki",
      ...inDefault,
      environment: { name: "Production", kind: "production" },
      route: { host: "first.example.org", upstreams: [{ url: "http://10.0.0.7:8080" }] },
      credential: { username: "ada" },
    });
    expect(await namesOf(acme)).toEqual({ projects: ["Default"], environments: ["Production"] });
    const environment = await given(acme).ok("environments.one", { environmentId: created.environmentId });
    expect(environment).toMatchObject({ projectId: created.projectId, kind: "production" });
    const entries = await world.db.asOwner<{ action: string; request_id: string }>(
      "select action, request_id from audit_entries where organization_id = $1 and outcome = 'done' order by action",
      [acme.organizationId],
    );
    expect(entries.map(({ action }) => action)).toEqual([
      "applications.create",
      "environments.create",
      "projects.create",
      "routes.create",
      "security.create",
    ]);
    expect(new Set(entries.map(({ request_id }) => request_id)).size).toBe(1);
    const changes = await world.db.asOwner<{ change_id: string }>(
      "select distinct change_id from changes where organization_id = $1",
      [acme.organizationId],
    );
    expect(changes).toEqual([{ change_id: created.sync.changeId }]);
  });

  test("uses the project and the environment that have these names", async () => {
    const acme = await world.organization();
    const first = await given(acme).ok<Created>("applications.create", { name: "Wiki", ...inDefault });
    const second = await given(acme).ok<Created>("applications.create", { name: "Chat", ...inDefault });
    expect(second).toMatchObject({ projectId: first.projectId, environmentId: first.environmentId });
    const third = await given(acme).ok<Created>("applications.create", {
      name: "Test",
      project: { name: "Default" },
      environment: { name: "Staging" },
    });
    expect(third.projectId).toBe(first.projectId);
    expect(await namesOf(acme)).toEqual({ projects: ["Default"], environments: ["Production", "Staging"] });
  });

  test("does not use the project of another organization with the same name", async () => {
    const acme = await world.organization();
    const beta = await world.organization();
    const first = await given(acme).ok<Created>("applications.create", { name: "Wiki", ...inDefault });
    const second = await given(beta).ok<Created>("applications.create", { name: "Wiki", ...inDefault });
    expect(second.projectId).not.toBe(first.projectId);
  });

  test("leaves no project behind if the route is refused", async () => {
    const acme = await world.organization();
    const place = { route: { host: "taken.example.org", upstreams: [{ url: "http://10.0.0.8:8080" }] } };
    await given(acme).application(place);
    const answer = await acme.call("applications.create", {
      name: "Wiki",
      project: { name: "Lost" },
      environment: { name: "Lost" },
      ...place,
      route: { ...place.route, upstreams: [{ url: "http://10.0.0.9:8080" }] },
    });
    expect(answer.error?.data.reason).toBe("route_taken");
    expect((await namesOf(acme)).projects).toEqual(["Project"]);
  });

  test("two identical requests at once create one project, one environment and two applications", async () => {
    const acme = await world.organization();
    const answers = await Promise.all(
      ["first", "second"].map(() => acme.call<Created>("applications.create", { name: "Wiki", ...inDefault })),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(new Set(answers.map(({ data }) => data.environmentId)).size).toBe(1);
    expect(new Set(answers.map(({ data }) => data.applicationId)).size).toBe(2);
    expect(await namesOf(acme)).toEqual({ projects: ["Default"], environments: ["Production"] });
  });

  test("two identical requests with a route at once create one application, and nothing of the refused one stays", async () => {
    const acme = await world.organization();
    const input = {
      name: "Wiki",
      ...inDefault,
      route: { host: "twice.example.org", upstreams: [{ url: "http://10.0.0.10:8080" }] },
    };
    const answers = await Promise.all(["first", "second"].map(() => acme.call("applications.create", input)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(await namesOf(acme)).toEqual({ projects: ["Default"], environments: ["Production"] });
  });

  test("is refused if two projects have the name", async () => {
    const acme = await world.organization();
    for (const _ of [1, 2]) await given(acme).ok("projects.create", { name: "Default" });
    const answer = await acme.call("applications.create", { name: "Wiki", ...inDefault });
    expect([answer.status, answer.error.data.reason, answer.error.data.fields]).toEqual([
      409,
      "ambiguous_name",
      { "project.name": "ambiguous" },
    ]);
  });

  test.each([
    ["neither an id nor names", {}],
    ["a project without an environment", { project: { name: "Default" } }],
    ["an id and names", { ...inDefault, environmentId: "env_x" }],
    ["a name of spaces", { ...inDefault, project: { name: "   " } }],
  ])("is refused with %s", async (_what, place) => {
    const acme = await world.organization();
    const answer = await acme.call("applications.create", { name: "Wiki", ...place });
    expect([400, 404]).toContain(answer.status);
    expect(await namesOf(acme)).toEqual({ projects: [], environments: [] });
  });
});

describe("a developer of one project", () => {
  const open = async () => {
    const acme = await world.organization();
    const { projectId } = await given(acme).ok<{ projectId: string }>("projects.create", { name: "Website" });
    const { projectId: hidden } = await given(acme).ok<{ projectId: string }>("projects.create", { name: "Hidden" });
    const person = await insertPerson(world);
    const memberId = await givenMember(world, acme.organizationId, person, null);
    await insertProjectRole(world, acme, memberId, projectId, "developer");
    const { browser } = await givenSession(world, person);
    const create = (project: string) =>
      browser.call<Created>("applications.create", {
        name: "Wiki",
        project: { name: project },
        environment: { name: "Production" },
      });
    return { acme, projectId, hidden, person, create };
  };

  test("creates an application and an environment in it by name", async () => {
    const { projectId, create } = await open();
    const answer = await create("Website");
    expect([answer.status, answer.data?.projectId]).toEqual([200, projectId]);
  });

  test("gets one answer for a project that they cannot see and for one that does not exist", async () => {
    const { create } = await open();
    const [existing, unknown] = [await create("Hidden"), await create("Unknown")];
    expect([existing.status, existing.error?.data.reason]).toEqual([403, "forbidden"]);
    expect([unknown.status, unknown.error?.message]).toEqual([existing.status, existing.error?.message]);
  });

  test("is not confused by another project with the same name", async () => {
    const { acme, projectId, create } = await open();
    await given(acme).ok("projects.create", { name: "Website" });
    expect((await create("Website")).data?.projectId).toBe(projectId);
  });

  test("cannot do more with an owner's key that is for another project", async () => {
    const { acme, hidden } = await open();
    const key = await insertKey(world, acme, { role: "owner", permissions: null }, { projectId: hidden });
    const call = world.callAs(key);
    const input = { name: "Wiki", environment: { name: "Production" } };
    expect((await call("applications.create", { ...input, project: { name: "Hidden" } })).status).toBe(200);
    const refused = await call("applications.create", { ...input, project: { name: "Website" } });
    expect([refused.status, refused.error.data.reason]).toEqual([403, "key_scope"]);
  });
});
