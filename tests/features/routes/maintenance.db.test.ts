import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { insertEnvironment } from "#tests/support/environment";
import { type GivenOrganization, given as givenIn, openWorld, type World } from "#tests/support/world";

interface Route {
  readonly routeId: string;
  readonly enabled: boolean;
  readonly sync: { readonly changeId: string | null };
}

let world: World;
let acme: GivenOrganization;
let environmentId: string;

beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization();
  ({ environmentId } = await insertEnvironment(world, acme));
});
afterAll(() => world.close());

const given = () => givenIn(acme);

describe("a route under maintenance", () => {
  test("is disabled and enabled again, each with a delivery and an audit entry, and a change of its place keeps it", async () => {
    const { route } = await given().application<{ route: Route }>({
      environmentId,
      route: { host: "wiki.example.org", upstreams: [{ url: "http://10.0.0.7:80" }] },
    });
    const { routeId } = route;
    expect(route.enabled).toBe(true);
    const off = await given().ok<Route>("routes.update", { routeId, enabled: false });
    expect(off).toMatchObject({ enabled: false, host: "wiki.example.org" });
    expect(off.sync.changeId).not.toBeNull();
    const moved = await given().ok<Route>("routes.update", { routeId, pathPrefix: "/a" });
    expect(moved).toMatchObject({ enabled: false, pathPrefix: "/a" });
    expect(await given().ok("routes.one", { routeId })).toMatchObject({ enabled: false });
    expect(await given().ok("routes.update", { routeId, enabled: true })).toMatchObject({ enabled: true });
    const entries = await world.db.asOwner<{ changed: unknown }>(
      `select changed from audit_entries where object_id = $1 and action = 'routes.update' order by audit_id`,
      [routeId],
    );
    expect(entries.map(({ changed }) => changed)).toEqual([
      { enabled: [true, false] },
      { pathPrefix: ["", "/a"] },
      { enabled: [false, true] },
    ]);
  });

  test.each([
    [1, {}],
    [2, { enabled: "no" }],
    [3, { enabled: null }],
  ])("an update %i with the input %j is refused as invalid", async (at, input) => {
    const { route } = await given().application<{ route: Route }>({
      environmentId,
      route: { host: `refused-${at}.example.org`, upstreams: [{ url: `http://10.0.1.${at}:80` }] },
    });
    const answer = await acme.call("routes.update", { routeId: route.routeId, ...input });
    expect([answer.status, answer.error.data.reason]).toEqual([400, "invalid_input"]);
  });
});
