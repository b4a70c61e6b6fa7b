import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { changes } from "#drizzle/changes";
import { claims as claimsTable } from "#drizzle/routes";
import { readRows } from "#tests/support/rows/table";
import { type GivenOrganization, given, openWorld, type World } from "#tests/support/world";

let world: World;
let acme: GivenOrganization;
let projectId: string;

beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization();
  ({ projectId } = await given(acme).ok<Named>("projects.create", { name: "Project" }));
});
afterAll(() => world.close());

interface Named {
  readonly projectId: string;
  readonly environmentId: string;
  readonly name: string;
  readonly slug: string;
  readonly kind: string;
  readonly sync: { changeId: string | null; state: string };
}

const environment = (input: Record<string, unknown> = {}) =>
  given(acme).ok<Named>("environments.create", { projectId, name: "Production", ...input });

describe("environments", () => {
  test("an environment belongs to its project and has the kind development by default", async () => {
    expect(await environment()).toMatchObject({ projectId, kind: "development", sync: { changeId: null } });
    expect(await environment({ kind: "production" })).toMatchObject({ kind: "production" });
    const refused = await acme.call("environments.create", { projectId, name: "x", kind: "staging" });
    expect([refused.status, refused.error?.data.fields]).toEqual([400, { kind: "invalid_value" }]);
  });

  test("an environment's slug is unique in the organization across projects and does not change", async () => {
    const first = await environment({ name: "Live" });
    const other = await given(acme).ok<Named>("projects.create", { name: "Other" });
    const second = await environment({ name: "Live", projectId: other.projectId });
    expect([first.slug, second.slug]).toEqual(["live", expect.not.stringMatching(/^live$/)]);
    const renamed = await given(acme).ok<Named>("environments.update", {
      environmentId: first.environmentId,
      name: "Renamed",
    });
    expect(renamed).toEqual({ ...first, name: "Renamed", version: expect.any(Number) });
    const at = { environmentId: first.environmentId };
    expect(await given(acme).ok("environments.one", at)).toEqual(renamed);
    expect((await acme.call("environments.update", { ...at, name: "x", kind: "production" })).status).toBe(400);
  });

  test("15 environments that are created at once with one name have 15 different slugs", async () => {
    const created = await Promise.all(Array.from({ length: 15 }, () => environment({ name: "Same" })));
    expect(new Set(created.map(({ slug }) => slug)).size).toBe(15);
  });

  test("environments.list returns the environments of one project or of all projects", async () => {
    const other = await given(acme).ok<Named>("projects.create", { name: "Listed" });
    const created = await environment({ projectId: other.projectId });
    const mine = await given(acme).ok<{ items: Named[] }>("environments.list", { projectId: other.projectId });
    expect(mine.items).toEqual([created]);
    const all = await given(acme).ok<{ items: Named[] }>("environments.list", { limit: 200 });
    const newest = await environment({ name: "Newest" });
    const both = await given(acme).ok<{ items: Named[] }>("environments.list", { limit: 200 });
    const idsOf = ({ items }: { items: Named[] }) => items.map(({ environmentId }) => environmentId);
    expect(idsOf(both)).toEqual([newest.environmentId, ...idsOf(all)]);
    expect(idsOf(both)).toContain(created.environmentId);
    const beta = await world.organization();
    expect((await beta.call("environments.list", { projectId })).status).toBe(404);
    expect((await beta.call<{ items: Named[] }>("environments.list")).data.items).toEqual([]);
  });
});

test("DK-20: deleting an environment deletes its applications, each with an outbox row, and ends their upstream claims", async () => {
  const removed = await environment({ name: "Removed" });
  const remaining = await environment({ name: "Remaining" });
  const application = async (environmentId: string, at: number) =>
    (
      await given(acme).application({
        environmentId,
        route: { host: `shop-${at}.example`, upstreams: [{ url: `http://10.9.0.${Math.min(at, 2)}:80` }] },
        access: "protected",
      })
    ).applicationId;
  const removedIds = [await application(removed.environmentId, 1), await application(removed.environmentId, 2)];
  // It shares an upstream with an application that is deleted, so that claim must remain.
  await application(remaining.environmentId, 3);

  const deleted = await given(acme).ok<Named>("environments.delete", { environmentId: removed.environmentId });

  expect(deleted).toMatchObject({ ...removed, sync: { changeId: expect.any(String), state: "pending" } });
  const rows = await readRows(world.db.owner, changes, { changeId: String(deleted.sync.changeId), closes: true });
  expect(rows.map(({ applicationId }) => applicationId).sort()).toEqual(removedIds.sort());
  const claims = await readRows(
    world.db.owner,
    claimsTable,
    { organizationId: acme.organizationId, kind: "upstream" },
    ["value"],
  );
  expect(claims).toEqual([{ value: expect.stringContaining("10.9.0.2") }]);
  const applications = await given(acme).ok<{ items: unknown[] }>("applications.list", {});
  expect(applications.items).toHaveLength(1);
  expect((await acme.call("environments.delete", { environmentId: removed.environmentId })).status).toBe(404);
});
