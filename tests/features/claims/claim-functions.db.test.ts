import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { claimHost, claimUpstreams, releaseHost } from "../../../src/features/claims/claim-functions";
import { insertPlace } from "../../support/place";
import { runAs } from "../../support/run-as";
import { type Answer, type GivenOrganization, given, insertGateway, openWorld, type World } from "../../support/world";

interface Tenant extends GivenOrganization {
  /** A new application's id. */
  application(): Promise<string>;
  /** Tries to give an application a route. */
  route(host: string, upstream: string, more?: Record<string, unknown>): Promise<Answer<{ routeId: string }>>;
}

let world: World;
let nextPort = 20_000;
/** An upstream that nobody else leads to. */
const own = () => `http://10.9.9.9:${nextPort++}`;
let nextName = 0;
/** A domain that only one test uses. */
const domain = () => `d${nextName++}.example`;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

async function tenant(gatewayId = world.gatewayId): Promise<Tenant> {
  const org = await world.organization({ gatewayId });
  const { environmentId } = await insertPlace(world, org);
  const application = async () =>
    (await given(org).application({ environmentId, name: "App", access: "protected" })).applicationId;
  return {
    ...org,
    application,
    route: async (host, upstream, more = {}) =>
      org.call("routes.create", {
        applicationId: await application(),
        host,
        upstreams: [{ url: upstream }],
        ...more,
      }),
  };
}

const reasonOf = (answer: Answer<unknown>) => (answer.status === 200 ? "made" : answer.error.data.reason);

async function claimsOf(org: GivenOrganization, kind: "host" | "upstream"): Promise<string[]> {
  const rows = await world.db.asOwner<{ value: string }>(
    `select value from claims where organization_id = $1 and kind = $2 order by value`,
    [org.organizationId, kind],
  );
  return rows.map((row) => row.value);
}

describe("a host belongs to the first that claims it", () => {
  const overlaps: [string, (d: string) => string, (d: string) => string][] = [
    ["the same name", (d) => `wiki.${d}`, (d) => `wiki.${d}`],
    ["a name under the other's wildcard", (d) => `*.${d}`, (d) => `wiki.${d}`],
    ["a wildcard over the other's name", (d) => `wiki.${d}`, (d) => `*.${d}`],
    ["the same wildcard", (d) => `*.${d}`, (d) => `*.${d}`],
    ["upper case", (d) => `wiki.${d}`, (d) => `WIKI.${d.toUpperCase()}`],
    ["a dot at the end", (d) => `wiki.${d}`, (d) => `wiki.${d}.`],
    ["a wildcard in upper case with a dot", (d) => `wiki.${d}`, (d) => `*.${d.toUpperCase()}.`],
    ["its A-label", (d) => `bücher.${d}`, (d) => `xn--bcher-kva.${d}`],
    ["its U-label in upper case", (d) => `xn--bcher-kva.${d}`, (d) => `BÜCHER.${d}`],
    ["a decomposed U-label", (d) => `bücher.${d}`, (d) => `bu\u0308cher.${d}`],
    ["full-width letters and dots", (d) => `wiki.${d}`, (d) => `ｗｉｋｉ。${d}`],
    ["another path", (d) => `wiki.${d}`, (d) => `wiki.${d}`],
  ];
  test.each(overlaps)("%s is taken, in both orders", async (title, first, second) => {
    const more = title === "another path" ? { pathPrefix: "/other" } : {};
    for (const [one, two] of [
      [first, second],
      [second, first],
    ] as const) {
      const [acme, beta] = [await tenant(), await tenant()];
      const d = domain();
      expect(reasonOf(await acme.route(one(d), own()))).toBe("made");
      const answer = await beta.route(two(d), own(), more);
      expect([answer.status, reasonOf(answer)]).toEqual([409, "host_taken"]);
      expect(answer.text).not.toContain(acme.organizationId);
      expect(await claimsOf(beta, "host")).toEqual([]);
      expect(await claimsOf(beta, "upstream")).toEqual([]);
    }
  });

  const apart: [string, (d: string) => string, (d: string) => string][] = [
    ["another name beside it", (d) => `wiki.${d}`, (d) => `blog.${d}`],
    ["the wildcard's own parent", (d) => `*.${d}`, (d) => d],
    ["a name two labels below a wildcard", (d) => `*.${d}`, (d) => `a.b.${d}`],
    ["a wildcard below a name", (d) => `wiki.${d}`, (d) => `*.wiki.${d}`],
    ["a wildcard below a wildcard", (d) => `*.${d}`, (d) => `*.wiki.${d}`],
  ];
  test.each(apart)("%s is free, in both orders", async (_title, first, second) => {
    for (const [one, two] of [
      [first, second],
      [second, first],
    ] as const) {
      const [acme, beta] = [await tenant(), await tenant()];
      const d = domain();
      expect(reasonOf(await acme.route(one(d), own()))).toBe("made");
      expect(reasonOf(await beta.route(two(d), own()))).toBe("made");
    }
  });

  test("on another gateway it is free", async () => {
    const elsewhere = await insertGateway(world.db, world.runtime);
    const [acme, beta] = [await tenant(), await tenant(elsewhere)];
    const host = `wiki.${domain()}`;
    expect(reasonOf(await acme.route(host, own()))).toBe("made");
    expect(reasonOf(await beta.route(host, own()))).toBe("made");
  });

  test("a host claim outlives its route, and its application", async () => {
    const [acme, beta] = [await tenant(), await tenant()];
    const host = `wiki.${domain()}`;
    const made = await acme.route(host, own());
    expect(reasonOf(await acme.call("routes.delete", { routeId: made.data.routeId }))).toBe("made");
    expect(reasonOf(await beta.route(host, own()))).toBe("host_taken");
    const { applicationId } = await given(acme).application({
      environmentId: (await insertPlace(world, acme)).environmentId,
      access: "protected",
      route: { host, upstreams: [{ url: own() }] },
    });
    expect(reasonOf(await acme.call("applications.delete", { applicationId }))).toBe("made");
    expect(reasonOf(await beta.route(host, own()))).toBe("host_taken");
    expect(await claimsOf(acme, "host")).toEqual([host]);
  });

  test("a host that a route leaves stays claimed, and the one that it moves to is claimed", async () => {
    const [acme, beta] = [await tenant(), await tenant()];
    const [before, after] = [`wiki.${domain()}`, `wiki.${domain()}`];
    const { data } = await acme.route(before, own());
    expect(reasonOf(await acme.call("routes.update", { routeId: data.routeId, host: after }))).toBe("made");
    expect(reasonOf(await beta.route(before, own()))).toBe("host_taken");
    expect(reasonOf(await beta.route(after, own()))).toBe("host_taken");
    const theirs = await beta.route(`wiki.${domain()}`, own());
    const answer = await beta.call("routes.update", { routeId: theirs.data.routeId, host: after.toUpperCase() });
    expect(reasonOf(answer)).toBe("host_taken");
  });

  test("a claim is released only when no route needs it, and by its own gateway's name", async () => {
    const acme = await tenant();
    const host = `wiki.${domain()}`;
    const { data } = await acme.route(host, own());
    const [claim] = await world.db.asOwner<{ claim_id: string }>(`select claim_id from claims where value = $1`, [
      host,
    ]);
    const release = (gatewayId: string) =>
      world.runtime.database.transaction("tenant", acme.organizationId, (tx) =>
        releaseHost(tx, claim?.claim_id ?? "", gatewayId),
      );
    expect(await release(world.gatewayId)).toBe("in_use");
    expect(await release("gtw_another")).toBe("gone");
    await acme.call("routes.delete", { routeId: data.routeId });
    const beta = await tenant();
    const byAnother = await world.runtime.database.transaction("tenant", beta.organizationId, (tx) =>
      releaseHost(tx, claim?.claim_id ?? "", world.gatewayId),
    );
    expect(byAnother).toBe("gone");
    expect(await release(world.gatewayId)).toBe("released");
    expect(await release(world.gatewayId)).toBe("gone");
    expect(reasonOf(await beta.route(host, own()))).toBe("made");
  });
});

describe("an upstream belongs to the first that claims it", () => {
  const forms: [string, (port: number) => string, (port: number) => string][] = [
    ["the same name", (port) => `http://wiki.internal:${port}`, (port) => `http://wiki.internal:${port}`],
    [
      "a name in upper case with a dot",
      (port) => `http://wiki.internal:${port}`,
      (port) => `http://WIKI.Internal.:${port}`,
    ],
    ["another scheme", (port) => `http://wiki.internal:${port}`, (port) => `https://wiki.internal:${port}`],
    ["IPv4", (port) => `http://192.0.2.7:${port}`, (port) => `http://192.0.2.7:${port}/`],
    ["IPv4 in hexadecimal", (port) => `http://192.0.2.7:${port}`, (port) => `http://0xc0000207:${port}`],
    ["IPv4 in octal", (port) => `http://192.0.2.7:${port}`, (port) => `http://0300.0.2.7:${port}`],
    ["IPv4 inside IPv6", (port) => `http://192.0.2.7:${port}`, (port) => `http://[::ffff:192.0.2.7]:${port}`],
    [
      "IPv4 inside IPv6, in hexadecimal",
      (port) => `http://192.0.2.7:${port}`,
      (port) => `http://[::ffff:c000:207]:${port}`,
    ],
    [
      "IPv6 in another spelling",
      (port) => `http://[2001:db8::1]:${port}`,
      (port) => `http://[2001:DB8:0:0:0:0:0:1]:${port}`,
    ],
    ["localhost", (port) => `http://127.0.0.1:${port}`, (port) => `http://localhost:${port}`],
    ["a name under localhost", (port) => `http://127.0.0.1:${port}`, (port) => `http://wiki.localhost:${port}`],
    ["another loopback address", (port) => `http://127.0.0.1:${port}`, (port) => `http://127.9.8.7:${port}`],
    ["IPv6 loopback", (port) => `http://127.0.0.1:${port}`, (port) => `http://[::1]:${port}`],
    ["loopback inside IPv6", (port) => `http://localhost:${port}`, (port) => `http://[::ffff:127.0.0.1]:${port}`],
    ["the unspecified address", (port) => `http://localhost:${port}`, (port) => `http://0.0.0.0:${port}`],
    ["short loopback", (port) => `http://localhost:${port}`, (port) => `http://127.1:${port}`],
    ["an address of this host's own", (port) => `http://localhost:${port}`, (port) => `http://10.1.2.3:${port}`],
    [
      "an address of this host's own, in IPv6",
      (port) => `http://127.0.0.1:${port}`,
      (port) => `http://[::ffff:10.1.2.3]:${port}`,
    ],
  ];
  test.each(forms)("%s is taken, in both orders", async (_title, first, second) => {
    for (const [one, two] of [
      [first, second],
      [second, first],
    ] as const) {
      const [acme, beta] = [await tenant(), await tenant()];
      const port = nextPort++;
      expect(reasonOf(await acme.route(`a.${domain()}`, one(port)))).toBe("made");
      const answer = await beta.route(`b.${domain()}`, two(port));
      expect([answer.status, reasonOf(answer)]).toEqual([409, "upstream_taken"]);
      // All or nothing: the host of the refused route is nobody's.
      expect(await claimsOf(beta, "host")).toEqual([]);
    }
  });

  test("one of several upstreams is enough to be taken, and then none is claimed", async () => {
    const [acme, beta] = [await tenant(), await tenant()];
    const shared = own();
    await acme.route(`a.${domain()}`, shared);
    const answer = await beta.route(`b.${domain()}`, own(), { upstreams: [{ url: own() }, { url: shared }] });
    expect(reasonOf(answer)).toBe("upstream_taken");
    expect(await claimsOf(beta, "upstream")).toEqual([]);
  });

  test("a checked name's addresses are claimed with it", async () => {
    const beta = await tenant();
    const acme = await world.organization({ upstreams: "checked" });
    const { environmentId } = await insertPlace(world, acme);
    world.dns.set("pinned.example.org", ["198.51.100.4", "2001:db8::4"]);
    const { applicationId } = await given(acme).application({ environmentId, access: "protected" });
    const upstreams = [{ url: "https://pinned.example.org:8443" }];
    const made = await acme.call("routes.create", { applicationId, host: `a.${domain()}`, upstreams });
    expect(reasonOf(made)).toBe("made");
    expect(await claimsOf(acme, "upstream")).toEqual([
      "198.51.100.4:8443",
      "2001:db8::4:8443",
      "pinned.example.org:8443",
    ]);
    for (const url of ["http://198.51.100.4:8443", "http://[2001:db8::4]:8443", "http://pinned.example.org:8443"]) {
      expect(reasonOf(await beta.route(`b.${domain()}`, url))).toBe("upstream_taken");
    }
  });

  test("an upstream claim ends with its last route, and not before", async () => {
    const [acme, beta] = [await tenant(), await tenant()];
    const upstream = own();
    const first = await acme.route(`a.${domain()}`, upstream);
    const second = await acme.route(`b.${domain()}`, upstream);
    await acme.call("routes.delete", { routeId: first.data.routeId });
    expect(reasonOf(await beta.route(`c.${domain()}`, upstream))).toBe("upstream_taken");
    const moved = await acme.call("routes.update", { routeId: second.data.routeId, upstreams: [{ url: own() }] });
    expect(reasonOf(moved)).toBe("made");
    expect(reasonOf(await beta.route(`c.${domain()}`, upstream))).toBe("made");
  });

  test("an upstream claim ends with its application", async () => {
    const [acme, beta] = [await tenant(), await tenant()];
    const upstream = own();
    const made = await acme.route(`a.${domain()}`, upstream);
    const route = await acme.call<{ applicationId: string }>("routes.one", { routeId: made.data.routeId });
    await acme.call("applications.delete", { applicationId: route.data.applicationId });
    expect(reasonOf(await beta.route(`c.${domain()}`, upstream))).toBe("made");
  });

  test("two applications of one organization share an upstream only under hosts that do not overlap", async () => {
    const acme = await tenant();
    const [d, upstream] = [domain(), own()];
    expect(reasonOf(await acme.route(`wiki.${d}`, upstream))).toBe("made");
    expect(reasonOf(await acme.route(`wiki.${d}`, upstream, { pathPrefix: "/admin" }))).toBe("upstream_shared");
    expect(reasonOf(await acme.route(`*.${d}`, upstream))).toBe("upstream_shared");
    expect(reasonOf(await acme.route(`wiki.${d}`, own(), { pathPrefix: "/admin" }))).toBe("made");
    expect(reasonOf(await acme.route(`other.${d}`, upstream))).toBe("made");
  });

  test("the control plane and the gateway are no upstream", async () => {
    const acme = await tenant();
    for (const url of ["http://localhost:3000", "http://127.0.0.1:8000", "http://[::1]:8001", "http://10.1.2.3:3000"]) {
      expect(reasonOf(await acme.route(`a.${domain()}`, url))).toBe("invalid_upstream");
    }
  });
});

describe("at the same moment", () => {
  const pairs: [string, (d: string) => [string, string]][] = [
    ["the same name", (d) => [`wiki.${d}`, `wiki.${d}`]],
    ["a wildcard and a name", (d) => [`*.${d}`, `wiki.${d}`]],
  ];
  test.each(pairs)("of fifty pairs that want %s, each has one winner", async (_title, hosts) => {
    const [acme, beta] = [await tenant(), await tenant()];
    const claim = (org: GivenOrganization, host: string) =>
      world.runtime.database.transaction("tenant", org.organizationId, async (tx) => {
        const { outcome } = await claimHost(tx, world.gatewayId, host, new Date());
        return outcome;
      });
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const [one, two] = hosts(domain());
        const [first, second] = index % 2 === 0 ? [acme, beta] : [beta, acme];
        return (await Promise.all([claim(first, one), claim(second, two)])).sort().join(" ");
      }),
    );
    expect(new Set(outcomes)).toEqual(new Set(["claimed taken"]));
    expect(outcomes).toHaveLength(50);
  });

  test("of fifty pairs that want one upstream, each has one winner", async () => {
    const [acme, beta] = [await tenant(), await tenant()];
    const claim = (org: GivenOrganization, keys: string[]) =>
      world.runtime.database.transaction("tenant", org.organizationId, (tx) =>
        claimUpstreams(tx, world.gatewayId, keys, new Date()),
      );
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const [shared, mine, theirs] = [`u${nextPort++}:1`, `u${nextPort++}:1`, `u${nextPort++}:1`];
        return (await Promise.all([claim(acme, [shared, mine]), claim(beta, [theirs, shared])])).sort().join(" ");
      }),
    );
    expect(new Set(outcomes)).toEqual(new Set(["claimed taken"]));
  });

  test("of fifty pairs of route requests for one host, each has one winner", async () => {
    const [acme, beta] = [await tenant(), await tenant()];
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const d = domain();
        const answers = await Promise.all([acme.route(`wiki.${d}`, own()), beta.route(`*.${d}`, own())]);
        return answers.map(reasonOf).sort().join(" ");
      }),
    );
    expect(new Set(outcomes)).toEqual(new Set(["host_taken made"]));
  });

  test("an upstream whose last routes go at once is free afterwards, and never while one stands", async () => {
    const acme = await tenant();
    for (let round = 0; round < 10; round++) {
      const upstream = own();
      const made = await Promise.all([
        acme.route(`a.${domain()}`, upstream),
        acme.route(`b.${domain()}`, upstream),
        acme.route(`c.${domain()}`, upstream),
      ]);
      expect(made.map(reasonOf)).toEqual(["made", "made", "made"]);
      const key = new URL(upstream).host;
      // Two go and one comes: the claim has to stand.
      const [, , come] = await Promise.all([
        acme.call("routes.delete", { routeId: made[0].data.routeId }),
        acme.call("routes.delete", { routeId: made[1].data.routeId }),
        acme.route(`d.${domain()}`, upstream),
      ]);
      expect(await claimsOf(acme, "upstream")).toContain(key);
      await Promise.all([
        acme.call("routes.delete", { routeId: made[2].data.routeId }),
        acme.call("routes.delete", { routeId: come.data.routeId }),
      ]);
      expect(await claimsOf(acme, "upstream")).not.toContain(key);
    }
  });
});

describe("another organization's claims", () => {
  test("are in no row that a tenant can read, by id or by value", async () => {
    const [acme, beta] = [await tenant(), await tenant()];
    const host = `wiki.${domain()}`;
    await acme.route(host, own());
    const seen = await runAs(world, "tenant", beta.organizationId, `select * from claims`);
    expect(JSON.stringify(seen)).not.toContain(host);
  });

  test("the hundred-and-first host of an organization goes into its next deny file", async () => {
    const acme = await tenant();
    const groups = await world.runtime.database.transaction("tenant", acme.organizationId, async (tx) => {
      const made: (number | null)[] = [];
      for (let index = 0; index < 201; index++) {
        const claim = await claimHost(tx, world.gatewayId, `h${index}.${domain()}`, new Date());
        made.push(claim.outcome === "taken" ? null : claim.denyGroup);
      }
      return made;
    });
    expect(groups.filter((group) => group === 0)).toHaveLength(100);
    expect(groups.filter((group) => group === 1)).toHaveLength(100);
    expect(groups.at(-1)).toBe(2);
  });
});
