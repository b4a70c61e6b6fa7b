import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { auditEntries } from "#drizzle/audit";
import { gateways } from "#drizzle/gateways";
import type { SeenElsewhere } from "#src/platform/net/served-elsewhere";
import { insertEnvironment } from "#tests/support/environment";
import { lastRow, updateRows } from "#tests/support/rows/table";
import { type GivenOrganization, given, insertGateway, openWorld, type World } from "#tests/support/world";

let world: World; // its public address is https://portcullis.example.org
let acme: GivenOrganization;
let environmentId: string;
let applicationId: string;
let lookups: [address: string, host: string, owner: string][];
let observed: SeenElsewhere | null;
let counter = 0;

beforeAll(async () => {
  world = await openWorld({
    hostWatch: {
      servedElsewhere: async (...args) => {
        lookups.push(args);
        return observed;
      },
    },
  });
  acme = await world.organization();
  ({ environmentId } = await insertEnvironment(world, acme));
  lookups = [];
  observed = null;
  ({ applicationId } = await given(acme).application({ environmentId, access: "protected" }));
});
afterAll(() => world.close());
beforeEach(() => {
  lookups = [];
  observed = null;
});

const upstreams = () => [{ url: `http://10.0.2.${++counter}:80` }];

/** Every way in which an organization can claim a host. */
const ways: Record<string, (host: string) => ReturnType<GivenOrganization["call"]>> = {
  "applications.create": (host) =>
    acme.call("applications.create", {
      environmentId,
      name: "Wiki",
      access: "protected",
      route: { host, upstreams: upstreams() },
    }),
  "routes.create": (host) => acme.call("routes.create", { applicationId, host, upstreams: upstreams() }),
  "routes.update": async (host) => {
    const free = `free-${++counter}.example.net`;
    const { routeId } = await given(acme).ok<{ routeId: string }>("routes.create", {
      applicationId,
      host: free,
      upstreams: upstreams(),
    });
    lookups = [];
    return acme.call("routes.update", { routeId, host });
  },
};

describe.each(Object.keys(ways))("%s", (way) => {
  const claim = (host: string) => ways[way]?.(host) ?? Promise.reject(new Error(way));

  test.each([
    ["portcullis.example.org", "control_plane"],
    ["PORTCULLIS.example.org.", "control_plane"],
    ["*.example.org", "control_plane"],
    ["localhost", "loopback"],
    ["com", "public_suffix"],
    ["*.co.uk", "public_suffix"],
  ])(
    "a claim of the reserved host %s is refused (%s) and audited, without a request to the gateway",
    async (host, field) => {
      const answer = await claim(host);
      expect([answer.status, answer.error?.data.reason, answer.error?.data.fields]).toEqual([
        409,
        "host_reserved",
        { host: field },
      ]);
      expect(answer.error.message).toContain(`"${host.toLowerCase().replace(/\.$/, "")}"`);
      expect(lookups).toEqual([]);
      const entry = await lastRow(world.db.owner, auditEntries, { outcome: "refused", reason: "host_reserved" }, [
        "action",
      ]);
      expect(entry?.action).toBe(way);
    },
  );

  test("a claim of a host that another service serves at the gateway is refused with the observed response", async () => {
    observed = { status: 401, server: "nginx" };
    const host = `elsewhere-${way.replace(".", "-")}.example.net`;
    const answer = way === "routes.update" ? await observedOnlyOnUpdate(host) : await claim(host);
    expect([answer.status, answer.error?.data.reason, answer.error?.data.fields]).toEqual([
      409,
      "host_served_elsewhere",
      { host: "served_elsewhere" },
    ]);
    expect(answer.error.message).toContain("status 401, server nginx");
    expect(lookups.at(-1)).toEqual(["127.0.0.1:8000", host, acme.organizationId]);
  });

  test("a claim of a free host sends one request to the gateway and succeeds", async () => {
    const host = `free-${way.replace(".", "-")}.example.net`;
    expect((await claim(host)).status).toBe(200);
    expect(lookups).toEqual([["127.0.0.1:8000", host, acme.organizationId]]);
  });

  async function observedOnlyOnUpdate(host: string) {
    const held = observed;
    observed = null;
    const { routeId } = await given(acme).ok<{ routeId: string }>("routes.create", {
      applicationId,
      host: `was-${++counter}.example.net`,
      upstreams: upstreams(),
    });
    observed = held;
    return acme.call("routes.update", { routeId, host });
  }
});

test("a host that the organization has already claimed is not looked up, because its own deny answers there", async () => {
  const route = { applicationId, host: "held.example.net", upstreams: upstreams() };
  const { routeId } = await given(acme).ok<{ routeId: string }>("routes.create", route);
  lookups = [];
  observed = { status: 200, server: null };
  await given(acme).ok("routes.create", { ...route, pathPrefix: "/other", upstreams: upstreams() });
  await given(acme).ok("routes.update", { routeId, pathPrefix: "/moved", upstreams: upstreams() });
  expect(lookups).toEqual([]);
});

test("a host that another organization has claimed is refused with host_taken", async () => {
  await given(acme).ok("routes.create", { applicationId, host: "theirs.example.net", upstreams: upstreams() });
  const beta = await world.organization();
  const foreign = await given(beta).application();
  const answer = await beta.call("routes.create", {
    applicationId: foreign.applicationId,
    host: "theirs.example.net",
    upstreams: [{ url: "http://10.0.3.1:80" }],
  });
  expect(answer.error?.data.reason).toBe("host_taken");
});

test("a gateway without tags is not looked up, because its own routes cannot be recognized there", async () => {
  const gatewayId = await insertGateway(world.db, world.runtime, {
    address: "127.0.0.1:8100",
    probeAddress: "127.0.0.1:8101",
  });
  await updateRows(world.db.owner, gateways, { gatewayId }, { tags: false });
  const bare = await world.organization({ gatewayId });
  observed = { status: 200, server: null };
  const route = { host: "bare.example.net", upstreams: [{ url: "http://10.0.4.1:80" }] };
  expect(await given(bare).application({ access: "protected", route })).toMatchObject({
    route: { host: "bare.example.net" },
  });
  expect(lookups).toEqual([]);
});

test("an invalid host, upstream or path prefix returns a message that suggests the correct form", async () => {
  const attempt = async (place: object) => {
    const { error } = await acme.call("routes.create", {
      applicationId,
      host: "meant.example.net",
      upstreams: [{ url: "http://10.0.5.1" }],
      ...place,
    });
    return [error?.data.reason, error?.message];
  };
  expect(await attempt({ host: "https://wiki.example.com/" })).toEqual([
    "invalid_host",
    '"https://wiki.example.com/" is not a host name alone: leave out the scheme https:// and the slash. Use "wiki.example.com".',
  ]);
  expect(await attempt({ upstreams: [{ url: "10.0.0.5:8080" }] })).toEqual([
    "invalid_upstream",
    '"10.0.0.5:8080" has no scheme. Use "http://10.0.0.5:8080", or "https://10.0.0.5:8080" if the upstream speaks TLS.',
  ]);
  expect(await attempt({ pathPrefix: "admin" })).toEqual([
    "invalid_path",
    '"admin" cannot be a path prefix: it starts with a slash, as in /admin.',
  ]);
});
