import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { SeenElsewhere } from "../../../src/platform/net/served-elsewhere";
import { insertPlace } from "../../support/place";
import { type GivenOrganization, given, insertGateway, openWorld, type World } from "../../support/world";

let world: World; // its public address is https://portcullis.example.org
let acme: GivenOrganization;
let environmentId: string;
let applicationId: string;
let watched: [address: string, host: string, owner: string][];
let seen: SeenElsewhere | null;
let made = 0;

beforeAll(async () => {
  world = await openWorld({
    hostWatch: {
      servedElsewhere: async (...asked) => {
        watched.push(asked);
        return seen;
      },
    },
  });
  acme = await world.organization();
  ({ environmentId } = await insertPlace(world, acme));
  watched = [];
  seen = null;
  ({ applicationId } = await given(acme).application({ environmentId, access: "protected" }));
});
afterAll(() => world.close());
beforeEach(() => {
  watched = [];
  seen = null;
});

const upstreams = () => [{ url: `http://10.0.2.${++made}:80` }];

/** Every way in which an organization comes to claim a host. */
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
    const free = `free-${++made}.example.net`;
    const { routeId } = await given(acme).ok<{ routeId: string }>("routes.create", {
      applicationId,
      host: free,
      upstreams: upstreams(),
    });
    watched = [];
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
  ])("of the reserved host %s is refused (%s), audited, and asks no gateway", async (host, field) => {
    const answer = await claim(host);
    expect([answer.status, answer.error?.data.reason, answer.error?.data.fields]).toEqual([
      409,
      "host_reserved",
      { host: field },
    ]);
    expect(answer.error.message).toContain(`"${host.toLowerCase().replace(/\.$/, "")}"`);
    expect(watched).toEqual([]);
    const [entry] = await world.db.asOwner<{ action: string }>(
      "select action from audit_entries where outcome = 'refused' and reason = 'host_reserved' order by audit_id desc limit 1",
    );
    expect(entry?.action).toBe(way);
  });

  test("of a host that somebody else serves at the gateway is refused, with what was seen", async () => {
    seen = { status: 401, server: "nginx" };
    const host = `elsewhere-${way.replace(".", "-")}.example.net`;
    const answer = way === "routes.update" ? await seenOnlyOnUpdate(host) : await claim(host);
    expect([answer.status, answer.error?.data.reason, answer.error?.data.fields]).toEqual([
      409,
      "host_served_elsewhere",
      { host: "served_elsewhere" },
    ]);
    expect(answer.error.message).toContain("status 401, server nginx");
    expect(watched.at(-1)).toEqual(["127.0.0.1:8000", host, acme.organizationId]);
  });

  test("of a free host asks the gateway once, and goes on", async () => {
    const host = `free-${way.replace(".", "-")}.example.net`;
    expect((await claim(host)).status).toBe(200);
    expect(watched).toEqual([["127.0.0.1:8000", host, acme.organizationId]]);
  });

  async function seenOnlyOnUpdate(host: string) {
    const held = seen;
    seen = null;
    const { routeId } = await given(acme).ok<{ routeId: string }>("routes.create", {
      applicationId,
      host: `was-${++made}.example.net`,
      upstreams: upstreams(),
    });
    seen = held;
    return acme.call("routes.update", { routeId, host });
  }
});

test("a host that the organization has claimed is not asked for again: its own deny answers there", async () => {
  const route = { applicationId, host: "held.example.net", upstreams: upstreams() };
  const { routeId } = await given(acme).ok<{ routeId: string }>("routes.create", route);
  watched = [];
  seen = { status: 200, server: null };
  await given(acme).ok("routes.create", { ...route, pathPrefix: "/other", upstreams: upstreams() });
  await given(acme).ok("routes.update", { routeId, pathPrefix: "/moved", upstreams: upstreams() });
  expect(watched).toEqual([]);
});

test("a claim of another organization says host_taken, and the gateway answers with its tag", async () => {
  await given(acme).ok("routes.create", { applicationId, host: "theirs.example.net", upstreams: upstreams() });
  const beta = await world.organization();
  const made = await given(beta).application();
  const answer = await beta.call("routes.create", {
    applicationId: made.applicationId,
    host: "theirs.example.net",
    upstreams: [{ url: "http://10.0.3.1:80" }],
  });
  expect(answer.error?.data.reason).toBe("host_taken");
});

test("a gateway without tags is not asked: its own routes could not be told from others'", async () => {
  const gatewayId = await insertGateway(world.db, world.runtime, {
    address: "127.0.0.1:8100",
    probeAddress: "127.0.0.1:8101",
  });
  await world.db.asOwner("update gateways set tags = false where gateway_id = $1", [gatewayId]);
  const bare = await world.organization({ gatewayId });
  seen = { status: 200, server: null };
  const route = { host: "bare.example.net", upstreams: [{ url: "http://10.0.4.1:80" }] };
  expect(await given(bare).application({ access: "protected", route })).toMatchObject({
    route: { host: "bare.example.net" },
  });
  expect(watched).toEqual([]);
});

test("what cannot be a host, an upstream or a path says what was meant", async () => {
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
