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

async function routed(environmentId: string, at: number, credential = true) {
  const { applicationId } = await given(acme).application({
    environmentId,
    name: `Wiki ${at}`,
    route: { host: `wiki-${at}.example`, upstreams: [{ url: `http://10.0.0.${at}:80` }] },
    ...(credential ? { credential: { username: "ada", password: "Lovelace-1815-x" } } : {}),
  });
  return applicationId;
}

describe("a project", () => {
  beforeAll(async () => {
    acme = await world.organization();
  });

  test("has a slug from its name, unique in the organization, that a new name leaves as it is", async () => {
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

  test("20 of one name at once have 20 slugs", async () => {
    const made = await Promise.all(Array.from({ length: 20 }, () => project("Same")));
    expect(new Set(made.map(({ slug }) => slug)).size).toBe(20);
  });

  test.each([
    ["", "too_small"],
    ["   ", "too_small"],
    ["x".repeat(101), "too_big"],
    ["a\u0000b", "control_character"],
    ["a\nb", "control_character"],
    [7, "invalid_type"],
  ])("is not named %j", async (name, word) => {
    const refused = await acme.call("projects.create", { name });
    expect([refused.status, refused.error?.data.fields]).toEqual([400, { name: word }]);
  });

  test("takes nothing that is not an input", async () => {
    const refused = await acme.call("projects.create", { name: "x", organizationId: "org_1", slug: "y" });
    expect(refused.error?.data.fields).toEqual({ organizationId: "unknown_field", slug: "unknown_field" });
    const { projectId } = await project();
    expect((await acme.call("projects.update", { projectId, name: "x", slug: "y" })).status).toBe(400);
  });

  test("asks no gateway for anything when it is made or renamed", async () => {
    const made = await project();
    expect(made.sync).toEqual({ changeId: null, state: "unchanged" });
    expect(Object.keys(made).sort()).toEqual(["createdAt", "name", "projectId", "slug", "sync"]);
  });
});

describe("deleting a project", () => {
  beforeAll(async () => {
    acme = await world.organization();
  });

  test("DK-20: removes all below it, with one outbox row for each application, and ends their upstreams' claims", async () => {
    const { projectId } = await project("Going");
    const staying = await project("Staying");
    const environment = (of: string, name: string) =>
      given(acme).ok<Named>("environments.create", { projectId: of, name });
    const [one, two] = [await environment(projectId, "one"), await environment(projectId, "two")];
    const other = await environment(staying.projectId, "three");
    const gone = [
      await routed(one.environmentId, 1),
      await routed(one.environmentId, 2),
      await routed(two.environmentId, 3),
    ];
    const stays = await routed(other.environmentId, 4);
    world.woken.length = 0;

    const deleted = await given(acme).ok<Named>("projects.delete", { projectId });

    expect(deleted).toMatchObject({
      projectId,
      name: "Going",
      sync: { changeId: expect.any(String), state: "pending" },
    });
    const rows = await world.db.asOwner<{ application_id: string; closes: boolean }>(
      `select application_id, closes, deny_group from changes where change_id = $1 order by application_id`,
      [deleted.sync.changeId],
    );
    expect(rows).toEqual(gone.sort().map((id) => ({ application_id: id, closes: true, deny_group: null })));
    expect(world.woken).toEqual([[world.gatewayId]]);
    for (const [table, expected] of [
      ["applications", 1],
      ["environments", 1],
      ["projects", 1],
      ["routes", 1],
      ["security", 1],
    ]) {
      const left = await world.db.asOwner(`select 1 as one from ${table} where organization_id = $1`, [
        acme.organizationId,
      ]);
      expect(left.length, String(table)).toBe(expected);
    }
    const claims = await world.db.asOwner<{ kind: string; value: string }>(
      `select kind, value from claims where organization_id = $1 order by kind, value`,
      [acme.organizationId],
    );
    expect(claims.filter(({ kind }) => kind === "host").map(({ value }) => value)).toEqual(
      [1, 2, 3, 4].map((at) => `wiki-${at}.example`),
    );
    expect(claims.filter(({ kind }) => kind === "upstream")).toHaveLength(1);
    expect((await acme.call("applications.one", { applicationId: stays })).status).toBe(200);
    for (const [procedure, input] of [
      ["projects.one", { projectId }],
      ["environments.one", { environmentId: one.environmentId }],
      ["applications.one", { applicationId: gone[0] }],
    ] as const) {
      expect((await acme.call(procedure, input)).status, procedure).toBe(404);
    }
    const [entry] = await world.db.asOwner<{ changed: unknown }>(
      `select changed from audit_entries where action = 'projects.delete' and object_id = $1`,
      [projectId],
    );
    expect(entry?.changed).toEqual({ name: "Going", applications: 3 });
  });

  test("an empty one goes without any gateway hearing of it", async () => {
    const { projectId } = await project();
    const deleted = await given(acme).ok<Named>("projects.delete", { projectId });
    expect(deleted.sync).toEqual({ changeId: null, state: "unchanged" });
    expect((await acme.call("projects.delete", { projectId })).status).toBe(404);
  });

  test("an environment that is made beside it is waited for, and goes with what is in it by then", async (context) => {
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

  test("no application is lost between deletions and creations at once: each has its row of removal", async () => {
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
