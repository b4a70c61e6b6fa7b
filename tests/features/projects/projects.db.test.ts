import { getTableName } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applications } from "#drizzle/applications";
import { auditEntries } from "#drizzle/audit";
import { changes } from "#drizzle/changes";
import { environments, projects } from "#drizzle/projects";
import { claims, routes } from "#drizzle/routes";
import { security } from "#drizzle/security";
import { newId } from "#src/platform/ids";
import { besideUncommitted, runsSideBySide } from "#tests/support/held-transaction";
import { applicationRows } from "#tests/support/rows/applications";
import { environmentRows } from "#tests/support/rows/projects";
import { readRows } from "#tests/support/rows/table";
import { type GivenOrganization, given, openWorld, type World } from "#tests/support/world";

let world: World;
let acme: GivenOrganization;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

interface Named {
  readonly projectId: string;
  readonly environmentId: string;
  readonly name: string;
  readonly slug: string;
  readonly sync: { changeId: string | null; state: string };
}

async function project(name = "Project"): Promise<Named> {
  return given(acme).ok<Named>("projects.create", { name });
}

async function applicationWithRoute(environmentId: string, at: number, credential = true) {
  const { applicationId } = await given(acme).application({
    environmentId,
    name: `Wiki ${at}`,
    route: { host: `wiki-${at}.example`, upstreams: [{ url: `http://10.0.0.${at}:80` }] },
    ...(credential ? { credential: { username: "ada", password: "Lovelace-1815-x" } } : {}),
  });
  return applicationId;
}

describe("projects", () => {
  beforeAll(async () => {
    acme = await world.organization();
  });

  test("a project's slug comes from its first name, is unique in the organization and does not change", async () => {
    const first = await project("Größe & Co.");
    const second = await project("Größe & Co.");
    expect(first.slug).toMatch(/^[a-z0-9-]+$/);
    expect(second.slug).not.toBe(first.slug);
    const renamed = await given(acme).ok<Named>("projects.update", { projectId: first.projectId, name: "Another" });
    expect(renamed).toMatchObject({ projectId: first.projectId, name: "Another", slug: first.slug });
    expect(await given(acme).ok<Named>("projects.one", { projectId: first.projectId })).toEqual(renamed);
    const third = await project("Größe & Co.");
    expect([first.slug, second.slug]).not.toContain(third.slug);
    const beta = await world.organization();
    expect((await given(beta).ok<Named>("projects.create", { name: "Größe & Co." })).slug).toBe(first.slug);
  });

  test("20 projects that are created at once with one name have 20 different slugs", async () => {
    const created = await Promise.all(Array.from({ length: 20 }, () => project("Same")));
    expect(new Set(created.map(({ slug }) => slug)).size).toBe(20);
  });

  test.each([
    ["", "too_small"],
    ["   ", "too_small"],
    ["x".repeat(101), "too_big"],
    ["a\u0000b", "control_character"],
    ["a\nb", "control_character"],
    [7, "invalid_type"],
  ])("projects.create rejects the name %j", async (name, problem) => {
    const refused = await acme.call("projects.create", { name });
    expect([refused.status, refused.error?.data.fields]).toEqual([400, { name: problem }]);
  });

  test("projects.create and projects.update reject unknown fields", async () => {
    const refused = await acme.call("projects.create", { name: "x", organizationId: "org_1", slug: "y" });
    expect(refused.error?.data.fields).toEqual({ organizationId: "unknown_field", slug: "unknown_field" });
    const { projectId } = await project();
    expect((await acme.call("projects.update", { projectId, name: "x", slug: "y" })).status).toBe(400);
  });

  test("creating a project delivers nothing to a gateway", async () => {
    const created = await project();
    expect(created.sync).toEqual({ changeId: null, state: "unchanged" });
    expect(Object.keys(created).sort()).toEqual(["createdAt", "name", "projectId", "slug", "sync", "version"]);
  });
});

describe("projects.delete", () => {
  beforeAll(async () => {
    acme = await world.organization();
  });

  test("DK-20: deletes everything in the project, adds an outbox row for each application and ends upstream claims", async () => {
    const { projectId } = await project("Removed");
    const remaining = await project("Remaining");
    const environment = (of: string, name: string) =>
      given(acme).ok<Named>("environments.create", { projectId: of, name });
    const [one, two] = [await environment(projectId, "one"), await environment(projectId, "two")];
    const other = await environment(remaining.projectId, "three");
    const removedIds = [
      await applicationWithRoute(one.environmentId, 1),
      await applicationWithRoute(one.environmentId, 2),
      await applicationWithRoute(two.environmentId, 3),
    ];
    const remainingId = await applicationWithRoute(other.environmentId, 4);
    world.woken.length = 0;

    const deleted = await given(acme).ok<Named>("projects.delete", { projectId });

    expect(deleted).toMatchObject({
      projectId,
      name: "Removed",
      sync: { changeId: expect.any(String), state: "pending" },
    });
    const { changeId } = deleted.sync;
    const rows = await readRows(world.db.owner, changes, { changeId: String(changeId) });
    expect(rows).toHaveLength(removedIds.length);
    for (const applicationId of removedIds) {
      expect(rows).toContainEqual(expect.objectContaining({ applicationId, closes: true, denyGroup: null }));
    }
    expect(world.woken).toEqual([[world.gatewayId]]);
    const { organizationId } = acme;
    for (const table of [applications, environments, projects, routes, security]) {
      expect(await readRows(world.db.owner, table, { organizationId }), getTableName(table)).toHaveLength(1);
    }
    const kept = await readRows(world.db.owner, claims, { organizationId }, ["kind", "value"]);
    const hosts = kept.filter(({ kind }) => kind === "host").map(({ value }) => value);
    expect(hosts.sort()).toEqual([1, 2, 3, 4].map((at) => `wiki-${at}.example`));
    expect(kept.filter(({ kind }) => kind === "upstream")).toHaveLength(1);
    expect((await acme.call("applications.one", { applicationId: remainingId })).status).toBe(200);
    for (const [procedure, input] of [
      ["projects.one", { projectId }],
      ["environments.one", { environmentId: one.environmentId }],
      ["applications.one", { applicationId: removedIds[0] }],
    ] as const) {
      expect((await acme.call(procedure, input)).status, procedure).toBe(404);
    }
    const [entry] = await readRows(world.db.owner, auditEntries, { action: "projects.delete", objectId: projectId }, [
      "changed",
    ]);
    expect(entry?.changed).toEqual({ name: "Removed", applications: 3 });
  });

  test("deleting an empty project delivers nothing to a gateway", async () => {
    const { projectId } = await project();
    const deleted = await given(acme).ok<Named>("projects.delete", { projectId });
    expect(deleted.sync).toEqual({ changeId: null, state: "unchanged" });
    expect((await acme.call("projects.delete", { projectId })).status).toBe(404);
  });

  test("deleting a project waits for an environment that is being created and deletes it with its applications", async (context) => {
    if (!runsSideBySide()) return context.skip("one transaction at a time");
    const { projectId } = await project();
    const environmentId = newId("environment");
    const deleted = await besideUncommitted(
      world,
      acme.organizationId,
      async (tx) => {
        const { organizationId } = acme;
        await environmentRows.insert(tx, { environmentId, organizationId, projectId });
        await applicationRows.insert(tx, { organizationId, environmentId, gatewayId: world.gatewayId });
      },
      () => acme.call<Named>("projects.delete", { projectId }),
    );
    expect([deleted.status, deleted.data.sync.state]).toEqual([200, "pending"]);
    const rows = await readRows(world.db.owner, changes, { changeId: String(deleted.data.sync.changeId) });
    expect(rows).toHaveLength(1);
  });

  test("every application that is removed during concurrent creations and deletions has an outbox row", async () => {
    for (let round = 0; round < 4; round++) {
      const { projectId } = await project();
      const { environmentId } = await given(acme).ok<Named>("environments.create", { projectId, name: "E" });
      const answers = await Promise.all([
        ...Array.from({ length: 6 }, () =>
          acme.call<Named>("applications.create", { environmentId, name: "A", access: "protected" }),
        ),
        acme.call<Named>("projects.delete", { projectId }),
        acme.call<Named>("environments.delete", { environmentId }),
        ...Array.from({ length: 3 }, () => acme.call<Named>("environments.create", { projectId, name: "F" })),
      ]);
      for (const answer of answers) expect([200, 404], answer.text).toContain(answer.status);
      const { organizationId } = acme;
      const created = { organizationId, action: "applications.create", outcome: "done" as const };
      const existing = await readRows(world.db.owner, applications, { organizationId });
      const closed = await readRows(world.db.owner, changes, { organizationId, closes: true });
      const accounted = new Set([...existing, ...closed].map(({ applicationId }) => applicationId));
      const unremoved = (await readRows(world.db.owner, auditEntries, created)).filter(
        ({ objectId }) => !accounted.has(objectId),
      );
      expect(unremoved).toEqual([]);
    }
  });
});
