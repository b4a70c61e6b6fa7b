import { afterAll, beforeAll, expect, test } from "vitest";
import { given, openWorld, type World } from "../../support/world";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

type WithSync = { sync: { changeId: string | null; state: string } };

test("deleting a project removes everything below it, with one outbox row per application", async () => {
  const acme = await world.organization();
  const make = given(acme);
  const first = await make.environment();
  const second = await make.ok<{ environmentId: string }>("environments.create", {
    projectId: first.projectId,
    name: "Staging",
  });
  const other = await make.environment();
  const gone = [
    await make.application({ environmentId: first.environmentId }),
    await make.application({ environmentId: second.environmentId }),
  ].map((application) => application.applicationId);
  const kept = await make.application({ environmentId: other.environmentId });

  const { sync } = await make.ok<WithSync>("projects.delete", { projectId: first.projectId });

  expect(sync.state).toBe("pending");
  const rows = await world.db.asOwner("select application_id, closes from changes where change_id = $1", [
    sync.changeId,
  ]);
  expect(rows.map((row) => row.application_id).sort()).toEqual([...gone].sort());
  expect(rows.every((row) => row.closes)).toBe(true);
  for (const applicationId of gone) {
    expect((await acme.call("applications.one", { applicationId })).status).toBe(404);
  }
  expect((await acme.call("environments.one", { environmentId: second.environmentId })).status).toBe(404);
  expect((await acme.call("projects.one", { projectId: first.projectId })).status).toBe(404);
  expect((await acme.call("applications.one", { applicationId: kept.applicationId })).status).toBe(200);
});

test("a project without applications goes without a change", async () => {
  const acme = await world.organization();
  const { projectId } = await given(acme).environment();
  const { sync } = await given(acme).ok<WithSync>("projects.delete", { projectId });
  expect(sync).toEqual({ changeId: null, state: "unchanged" });
});

test("a developer may make a project and not delete it", async () => {
  const acme = await world.organization();
  const developer = world.callAs(await acme.key("developer"));
  const made = await developer<{ projectId: string }>("projects.create", { name: "Tools" });
  expect(made.status).toBe(200);
  expect((await developer("projects.delete", { projectId: made.data.projectId })).status).toBe(403);
  const admin = world.callAs(await acme.key("admin"));
  expect((await admin("projects.delete", { projectId: made.data.projectId })).status).toBe(200);
});

test("an application that is added while its project goes never goes without its outbox row", async () => {
  const acme = await world.organization();
  const make = given(acme);
  for (let round = 0; round < 5; round++) {
    const { environmentId, projectId } = await make.environment();
    const adding = Array.from({ length: 4 }, () =>
      acme.call<{ applicationId: string }>("applications.create", { environmentId, name: "Late" }),
    );
    const deleted = await acme.call<WithSync>("projects.delete", { projectId });
    const added = (await Promise.all(adding)).filter((answer) => answer.status === 200);
    const ids = added.map((answer) => answer.data.applicationId).sort();
    expect(deleted.status).toBe(200);
    const rows = await world.db.asOwner("select application_id from changes where change_id = $1", [
      deleted.data.sync.changeId,
    ]);
    expect(rows.map((row) => row.application_id).sort()).toEqual(ids);
  }
});
