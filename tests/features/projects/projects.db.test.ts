import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newId } from "../../../src/platform/ids";
import { besideUncommitted, runsSideBySide } from "../../support/held-transaction";
import { type GivenOrganization, given, openWorld, type World } from "../../support/world";

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
    expect(Object.keys(created).sort()).toEqual(["createdAt", "name", "projectId", "slug", "sync"]);
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
    const rows = await world.db.asOwner<{ application_id: string; closes: boolean }>(
      `select application_id, closes, deny_group from changes where change_id = $1 order by application_id`,
      [deleted.sync.changeId],
    );
    expect(rows).toEqual(removedIds.sort().map((id) => ({ application_id: id, closes: true, deny_group: null })));
    expect(world.woken).toEqual([[world.gatewayId]]);
    for (const [table, expected] of [
      ["applications", 1],
      ["environments", 1],
      ["projects", 1],
      ["routes", 1],
      ["security", 1],
    ]) {
      const rowsLeft = await world.db.asOwner(`select 1 as one from ${table} where organization_id = $1`, [
        acme.organizationId,
      ]);
      expect(rowsLeft.length, String(table)).toBe(expected);
    }
    const claims = await world.db.asOwner<{ kind: string; value: string }>(
      `select kind, value from claims where organization_id = $1 order by kind, value`,
      [acme.organizationId],
    );
    expect(claims.filter(({ kind }) => kind === "host").map(({ value }) => value)).toEqual(
      [1, 2, 3, 4].map((at) => `wiki-${at}.example`),
    );
    expect(claims.filter(({ kind }) => kind === "upstream")).toHaveLength(1);
    expect((await acme.call("applications.one", { applicationId: remainingId })).status).toBe(200);
    for (const [procedure, input] of [
      ["projects.one", { projectId }],
      ["environments.one", { environmentId: one.environmentId }],
      ["applications.one", { applicationId: removedIds[0] }],
    ] as const) {
      expect((await acme.call(procedure, input)).status, procedure).toBe(404);
    }
    const [entry] = await world.db.asOwner<{ changed: unknown }>(
      `select changed from audit_entries where action = 'projects.delete' and object_id = $1`,
      [projectId],
    );
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
        await tx.execute(sql`insert into environments (environment_id, organization_id, project_id, name, slug, kind, created_at)
          values (${environmentId}, ${acme.organizationId}, ${projectId}, 'E', ${environmentId}, 'production', now())`);
        await tx.execute(sql`insert into applications (application_id, organization_id, environment_id, gateway_id, name, slug, access, created_at)
          values (${newId("application")}, ${acme.organizationId}, ${environmentId}, ${world.gatewayId}, 'A', ${environmentId}, 'protected', now())`);
      },
      () => acme.call<Named>("projects.delete", { projectId }),
    );
    expect([deleted.status, deleted.data.sync.state]).toEqual([200, "pending"]);
    const rows = await world.db.asOwner(`select 1 as one from changes where change_id = $1`, [
      deleted.data.sync.changeId,
    ]);
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
      const unremoved = await world.db.asOwner(
        `select e.object_id from audit_entries e where e.organization_id = $1 and e.action = 'applications.create' and e.outcome = 'done'
           and not exists (select 1 from applications a where a.application_id = e.object_id)
           and not exists (select 1 from changes c where c.application_id = e.object_id and c.closes)`,
        [acme.organizationId],
      );
      expect(unremoved).toEqual([]);
    }
  });
});
