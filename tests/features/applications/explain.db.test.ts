import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ExplainedRequest } from "#src/features/applications/contract";
import { newId } from "#src/platform/ids";
import { givenMember, givenPerson } from "#tests/support/people";
import { applicationStateRows } from "#tests/support/rows/delivery";
import { projectRoleRows } from "#tests/support/rows/members";
import { givenSession } from "#tests/support/sessions";
import { type GivenOrganization, given, openWorld, type World } from "#tests/support/world";

let world: World;
let acme: GivenOrganization;
let beta: GivenOrganization;
let wiki: { applicationId: string; projectId: string; routeId: string };
let lastPort = 1_000;
let admin: { applicationId: string; projectId: string };

const host = "wiki.acme.example";

beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization();
  beta = await world.organization();
  wiki = await givenRoute(acme, host);
  admin = await givenRoute(acme, host, "/admin");
  await given(acme).credential(wiki.applicationId, "ada");
});
afterAll(() => world.close());

async function givenRoute(organization: GivenOrganization, at: string, pathPrefix?: string) {
  const { environmentId, projectId } = await given(organization).environment();
  const application = { environmentId, access: "protected", name: `App ${at}` };
  const { applicationId } = await given(organization).application(application);
  lastPort += 1;
  const upstreams = [{ url: `http://10.9.8.7:${lastPort}` }];
  const route = { applicationId, host: at, upstreams, ...(pathPrefix === undefined ? {} : { pathPrefix }) };
  const { routeId } = await given(organization).ok<{ routeId: string }>("routes.create", route);
  return { applicationId, projectId, routeId };
}

const explain = (input: Record<string, unknown>, organization = acme) =>
  organization.call<ExplainedRequest>("applications.explain", input);

/** What the response has in common with that of a host that does not exist anywhere. */
const unseen = { verdict: "not_here", status: null, router: null, checks: [], upstreams: [] };

describe("an explanation", () => {
  test("names the router, the application with its exposure, and each check in order", async () => {
    const { status, data } = await explain({ host: "WIKI.Acme.Example.", path: "/page", username: "ada" });
    expect(status).toBe(200);
    expect(data).toMatchObject({
      gatewayId: acme.gatewayId,
      host,
      verdict: "password",
      status: null,
      router: {
        name: wiki.routeId,
        route: { routeId: wiki.routeId, host, pathPrefix: null },
        application: { applicationId: wiki.applicationId, exposure: { state: "unknown", intended: "protected" } },
      },
      checks: [
        { check: "headers", outcome: "passed" },
        { check: "credentials", outcome: "password_needed" },
        { check: "headers", outcome: "passed" },
        { check: "upstream", outcome: "passed" },
      ],
    });
    expect(data.upstreams[0]).toMatch(/^http:\/\/10\.9\.8\.7:/);
  });

  test("follows the deepest path, where an application without a credential is closed", async () => {
    const { data } = await explain({ host, path: "/admin/x" });
    expect([data.verdict, data.status, data.router?.application?.applicationId]).toEqual([
      "refused",
      403,
      admin.applicationId,
    ]);
    expect(data.router?.route?.pathPrefix).toBe("/admin");
    expect((await explain({ host, path: "/administrator" })).data.router?.application).toMatchObject({
      applicationId: wiki.applicationId,
    });
  });

  test("contains no hash, and does not depend on what was delivered before", async () => {
    const { organizationId, gatewayId } = acme;
    const { applicationId } = wiki;
    await applicationStateRows.insert(world.db.owner, { organizationId, gatewayId, applicationId, intended: "public" });
    const { data, text } = await explain({ host, username: "ada" });
    expect(data.verdict).toBe("password");
    expect(text).not.toMatch(/\$apr1\$|\$2[aby]\$/);
  });

  test("of a claimed host without a route says that it is refused, and is kept from who may not see claims", async () => {
    const { routeId, projectId } = await givenRoute(acme, "gone.acme.example");
    await given(acme).ok("routes.delete", { routeId });
    const { data } = await explain({ host: "gone.acme.example" });
    expect([data.verdict, data.status, data.router?.application, data.router?.route]).toEqual([
      ...["refused", 403, null, null],
    ]);
    const member = await memberOf(projectId);
    expect((await member.call("applications.explain", { host: "gone.acme.example" })).data).toMatchObject(unseen);
  });

  test("over REST has the same answer", async () => {
    const key = await acme.key("viewer");
    const response = await world.handler(
      new Request("https://portcullis.example.org/api/v1/applications/explain", {
        method: "POST",
        headers: { "x-api-key": key, "content-type": "application/json" },
        body: JSON.stringify({ host, path: "/page", username: "ada" }),
      }),
      { ip: null },
    );
    expect(await response.json()).toEqual((await explain({ host, path: "/page", username: "ada" })).data);
  });
});

async function memberOf(projectId: string) {
  const person = await givenPerson(world);
  const { organizationId } = acme;
  const memberId = await givenMember(world, organizationId, person, null);
  await projectRoleRows.insert(world.db.owner, { organizationId, projectId, memberId, role: "viewer" });
  return (await givenSession(world, person)).browser;
}

describe("what an explanation does not reveal", () => {
  test("another organization gets the answer of a host that no organization has", async () => {
    const answers = [];
    for (const named of [host, "other.acme.example", "no-such-host.example"]) {
      const { status, data } = await explain({ host: named, username: "ada" }, beta);
      answers.push([status, { ...data, host: "-" }]);
    }
    expect(answers[0]).toEqual([200, { ...unseen, gatewayId: beta.gatewayId, host: "-" }]);
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  });

  test("a member of one project sees its routers, and not those of another project at the same host", async () => {
    const member = await memberOf(wiki.projectId);
    const own = await member.call<ExplainedRequest>("applications.explain", { host });
    expect(own.data.router?.application?.applicationId).toBe(wiki.applicationId);
    const other = await member.call<ExplainedRequest>("applications.explain", { host, path: "/admin" });
    expect(other.data).toEqual({ ...unseen, gatewayId: acme.gatewayId, host });
  });

  test("a key that may not read credentials gets no verdict about usernames", async () => {
    const input = { name: "narrow", scopes: ["application:read", "route:read"] };
    const { key } = await given(acme).ok<{ key: string }>("keys.create", input);
    const answer = await world.callAs(key)<ExplainedRequest>("applications.explain", { host, username: "ada" });
    expect(answer.data).toMatchObject(unseen);
  });

  test("a gateway of others is refused like an unknown one", async () => {
    const elsewhere = newId("gateway");
    const answer = await explain({ host, gatewayId: elsewhere });
    expect([answer.status, answer.error.data.reason]).toEqual([404, "not_found"]);
  });
});

describe("a hostile request to explain", () => {
  test.each([
    [{ host: "*.acme.example" }, "invalid_host"],
    [{ host: "https://wiki.acme.example/" }, "invalid_host"],
    [{ host: "10.0.0.1" }, "invalid_host"],
    [{ host: "a`) || Host(`b.org" }, "invalid_host"],
    [{ host, path: "admin" }, "invalid_input"],
    [{ host, path: "/a/../admin" }, "invalid_input"],
    [{ host, path: "//admin" }, "invalid_input"],
    [{ host, path: "/%61dmin" }, "invalid_input"],
    [{ host, path: "/admin?x=1" }, "invalid_input"],
    [{ host, address: "203.0.113.300" }, "invalid_input"],
    [{ host, address: "203.0.113.0/24" }, "invalid_input"],
    [{ host, method: "GET" }, "invalid_input"],
    [{ path: "/" }, "invalid_input"],
  ])("%j is refused", async (input, reason) => {
    const { status, error } = await explain(input);
    expect([status, error.data.reason]).toEqual([400, reason]);
  });
});
