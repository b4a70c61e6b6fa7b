import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type GivenOrganization, given, openWorld, type World } from "#tests/support/world";

interface Page {
  readonly items: { action: string; object: { kind: string; id: string }; actor: { kind: string } }[];
}

let world: World;
let acme: GivenOrganization;
let applicationId: string;
beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization();
  const created = await given(acme).application<{ applicationId: string }>({
    name: "Wiki",
    access: "protected",
    route: { host: "wiki.example.org", upstreams: [{ url: "http://10.0.0.7:8080" }] },
    credential: { username: "ada_100%" },
  });
  applicationId = created.applicationId;
  await given(acme).application({ name: "Chat", access: "protected" });
  await acme.call("security.create", { applicationId, username: "ada_100%" });
});
afterAll(() => world.close());

const list = async (input: Record<string, unknown>) => (await given(acme).ok<Page>("audit.list", input)).items;
const actions = async (input: Record<string, unknown>) => (await list(input)).map(({ action }) => action).sort();

describe("the filters of the audit log", () => {
  test("applicationId finds the application with its credentials and routes, and refused attempts on it", async () => {
    expect(await actions({ applicationId })).toEqual([
      "applications.create",
      "routes.create",
      "security.create",
      "security.create",
    ]);
    expect(await actions({ applicationId, outcome: "done", objectKind: "route" })).toEqual(["routes.create"]);
  });

  test("applicationId of another organization finds nothing", async () => {
    const beta = await world.organization();
    expect((await given(beta).ok<Page>("audit.list", { applicationId })).items).toEqual([]);
  });

  test("objectKind finds every object of a kind", async () => {
    expect(await actions({ objectKind: "application", outcome: "done" })).toEqual([
      "applications.create",
      "applications.create",
    ]);
    expect(await actions({ objectKind: "gateway" })).toEqual([]);
  });

  test("actorKind finds what a kind of actor did", async () => {
    expect((await list({ actorKind: "apiKey" })).length).toBeGreaterThan(4);
    expect(await list({ actorKind: "person" })).toEqual([]);
    expect((await acme.call("audit.list", { actorKind: "robot" })).status).toBe(400);
  });

  test("text finds a part of an action, a reason or a name, in any case, and no character is special", async () => {
    expect(await actions({ text: "WIKI" })).toEqual(expect.arrayContaining(["applications.create", "routes.create"]));
    expect(await actions({ text: "0%" })).toEqual(["security.create"]);
    expect(await actions({ text: "duplicate_user" })).toEqual(["security.create"]);
    expect(await list({ text: "' or true --" })).toEqual([]);
    for (const text of ["", "   ", "x".repeat(256)]) {
      expect((await acme.call("audit.list", { text })).status).toBe(400);
    }
  });
});
