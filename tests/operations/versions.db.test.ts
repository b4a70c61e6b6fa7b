import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { reasonOf } from "#tests/support/call-response";
import { type GivenOrganization, given, openWorld, type World } from "#tests/support/world";

let world: World;
let acme: GivenOrganization;

beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization();
});
afterAll(() => world.close());

interface Versioned {
  readonly name: string;
  readonly version: number;
}
interface Project extends Versioned {
  readonly projectId: string;
}

const project = () => given(acme).ok<Project>("projects.create", { name: "Website" });

describe("lost updates (G8)", () => {
  test("an update with the version that the caller last saw succeeds, and returns the next version", async () => {
    const { projectId, version } = await project();
    const updated = await given(acme).ok<Project>("projects.update", { projectId, name: "Shop", ifVersion: version });
    expect(updated.version).toBeGreaterThan(version);
    expect(await given(acme).ok<Project>("projects.one", { projectId })).toEqual(updated);
    const { items } = await given(acme).ok<{ items: Project[] }>("projects.list", {});
    expect(items).toContainEqual(updated);
  });

  test("an update with an earlier version returns 412 stale_version with who changed the object and when, and writes nothing", async () => {
    const { projectId, version } = await project();
    const { version: now } = await given(acme).ok<Project>("projects.update", { projectId, name: "Ada's name" });
    const refused = await acme.call("projects.update", { projectId, name: "Bob's name", ifVersion: version });
    expect(reasonOf(refused)).toEqual([412, "stale_version"]);
    expect(refused.error.data.details).toEqual({
      kind: "project",
      by: { kind: "apiKey", name: "owner" },
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      version: now,
    });
    expect(refused.error.message).toContain('"owner" changed this project at ');
    expect((await given(acme).ok<Project>("projects.one", { projectId })).name).toBe("Ada's name");
  });

  test("an update without a version is not compared", async () => {
    const { projectId } = await project();
    await given(acme).ok("projects.update", { projectId, name: "Ada's name" });
    expect(await given(acme).ok("projects.update", { projectId, name: "Bob's name" })).toMatchObject({
      name: "Bob's name",
    });
  });

  test("of two editors that send their changes at once, one wins and the other gets stale_version", async () => {
    const { projectId, version } = await project();
    const answers = await Promise.all(
      ["Ada's name", "Bob's name", "Cleo's name"].map((name) =>
        acme.call<Project>("projects.update", { projectId, name, ifVersion: version }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412]);
    const won = answers.find(({ status }) => status === 200);
    expect((await given(acme).ok<Project>("projects.one", { projectId })).name).toBe(won?.data.name);
  });
});
