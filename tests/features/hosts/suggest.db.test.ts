import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { candidatesBelow, parentsOf } from "#src/features/hosts/rules";
import { insertPerson, insertProjectRole } from "#tests/http/matrix/acme";
import { givenMember } from "#tests/support/people";
import { givenSession } from "#tests/support/sessions";
import { type GivenOrganization, given, insertGateway, openWorld, type World } from "#tests/support/world";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

/** An organization on a gateway of its own, or on the gateway of another one. */
const organization = async (gatewayId?: string) =>
  world.organization({ gatewayId: gatewayId ?? (await insertGateway(world.db, world.runtime)) });

const hostsFor = async (of: GivenOrganization, name: string, more: Record<string, unknown> = {}) =>
  (await given(of).ok<{ hosts: string[] }>("hosts.suggest", { name, ...more })).hosts;

let port = 9_100;
const routeAt = (of: GivenOrganization, host: string) =>
  given(of).application({ access: "protected", route: { host, upstreams: [{ url: `http://10.0.0.7:${port++}` }] } });

describe("a suggested host", () => {
  test.each([
    ["Wiki", "wiki.localhost"],
    ["Größe & Co.", "grosse-co.localhost"],
    ["東京", "app.localhost"],
    ["🦊", "app.localhost"],
    ["42", "app-42.localhost"],
    ["\u202egnp.exe", "gnp-exe.localhost"],
    ["..", "app.localhost"],
    ["ﬁne", "fine.localhost"],
  ])("comes from the name %s", async (name, host) => {
    expect(await hostsFor(await organization(), name)).toEqual([host]);
  });

  test("of a name with 100 characters is a valid host", async () => {
    const [host = ""] = await hostsFor(await organization(), "ä".repeat(100));
    expect(host).toBe(`${"a".repeat(63)}.localhost`);
  });

  test("is the next free one if a route of the organization has the host", async () => {
    const acme = await organization();
    await routeAt(acme, "wiki.localhost");
    expect(await hostsFor(acme, "Wiki")).toEqual(["wiki-2.localhost"]);
  });

  test("is never one of another organization, also by its wildcard", async () => {
    const acme = await organization();
    const beta = await organization(acme.gatewayId);
    await routeAt(acme, "wiki.localhost");
    expect(await hostsFor(beta, "Wiki")).toEqual(["wiki-2.localhost"]);
    await routeAt(acme, "*.localhost");
    expect(await hostsFor(beta, "Wiki")).toEqual([]);
    expect(await hostsFor(acme, "Wiki")).toEqual(["wiki-2.localhost"]);
  });

  test("is one that the gateway of the question has free", async () => {
    const acme = await organization();
    await routeAt(acme, "wiki.localhost");
    const other = await organization();
    expect(await hostsFor(other, "Wiki")).toEqual(["wiki.localhost"]);
    const answer = await other.call("hosts.suggest", { name: "Wiki", gatewayId: acme.gatewayId });
    expect(answer.status).toBe(404);
  });

  test("is below a host that the organization has claimed, in production only there", async () => {
    const acme = await organization();
    await routeAt(acme, "*.example.com");
    const { projectId } = await given(acme).ok<{ projectId: string }>("projects.create", { name: "Website" });
    const environmentOf = async (kind: string) =>
      (await given(acme).ok<{ environmentId: string }>("environments.create", { projectId, name: kind, kind }))
        .environmentId;
    const environmentId = await environmentOf("production");
    expect(await hostsFor(acme, "Wiki", { environmentId })).toEqual(["wiki.example.com"]);
    expect(await hostsFor(acme, "Wiki", { environmentId: await environmentOf("development") })).toEqual([
      "wiki.localhost",
      "wiki.example.com",
    ]);
    const fresh = await organization();
    const { environmentId: production } = await given(fresh).environment();
    await world.db.asOwner("update environments set kind = 'production' where environment_id = $1", [production]);
    expect(await hostsFor(fresh, "Wiki", { environmentId: production })).toEqual([]);
  });

  test("does not show claims to a member who may not see them", async () => {
    const acme = await organization();
    await routeAt(acme, "*.secret-plan.example");
    const { projectId } = await given(acme).ok<{ projectId: string }>("projects.create", { name: "Website" });
    const person = await insertPerson(world);
    const memberId = await givenMember(world, acme.organizationId, person, null);
    await insertProjectRole(world, acme, memberId, projectId, "developer");
    const { browser } = await givenSession(world, person);
    const answer = await browser.call<{ hosts: string[] }>("hosts.suggest", { name: "Wiki" });
    expect(answer.data.hosts).toEqual(["wiki.localhost"]);
  });

  test("is never reserved: not the control plane's, and not a public suffix", () => {
    expect(candidatesBelow("example.org", "portcullis", "portcullis.example.org")[0]).toBe("portcullis-2.example.org");
    expect(candidatesBelow("uk", "co", null)).not.toContain("co.uk");
    expect(candidatesBelow("a".repeat(250), "wiki", null)).toEqual([]);
  });

  test("has at most five parents, the widest first, and each once", () => {
    const claimed = ["b.c.example", "*.example.com", "example.com", "wiki.localhost", "a.example", "*.localhost"];
    expect(parentsOf(claimed, "production")).toEqual(["a.example", "example.com", "b.c.example"]);
    expect(parentsOf(claimed, "development")[0]).toBe("localhost");
    expect(
      parentsOf(
        [1, 2, 3, 4, 5, 6].map((at) => `d${at}.example`),
        null,
      ),
    ).toHaveLength(5);
  });
});
