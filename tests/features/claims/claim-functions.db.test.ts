import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { claims } from "#drizzle/routes";
import { claimHost, claimUpstreams, releaseHost } from "#src/features/claims/rows";
import type { CallResponse } from "#tests/support/call-response";
import { insertEnvironment } from "#tests/support/environment";
import { readRows } from "#tests/support/rows/table";
import { runAs } from "#tests/support/run-as";
import { type GivenOrganization, given, insertGateway, openWorld, type World } from "#tests/support/world";

interface Tenant extends GivenOrganization {
  /** Creates an application and returns its id. */
  application(): Promise<string>;
  /** Attempts to create a route of a new application. */
  route(host: string, upstream: string, more?: Record<string, unknown>): Promise<CallResponse<{ routeId: string }>>;
}

let world: World;
let nextPort = 20_000;
/** An upstream that no other route leads to. */
const newUpstream = () => `http://10.9.9.9:${nextPort++}`;
let nextName = 0;
/** A domain that only one test uses. */
const domain = () => `d${nextName++}.example`;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

async function tenant(gatewayId = world.gatewayId): Promise<Tenant> {
  const org = await world.organization({ gatewayId });
  const { environmentId } = await insertEnvironment(world, org);
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

const reasonOf = (answer: CallResponse<unknown>) => (answer.status === 200 ? "ok" : answer.error.data.reason);

async function claimsOf(org: GivenOrganization, kind: "host" | "upstream"): Promise<string[]> {
  const rows = await readRows(world.db.owner, claims, { organizationId: org.organizationId, kind }, ["value"]);
  return rows.map(({ value }) => value).sort();
}

describe("host claims", () => {
  const overlaps: [string, (d: string) => string, (d: string) => string][] = [
    ["the same name", (d) => `wiki.${d}`, (d) => `wiki.${d}`],
    ["a name covered by the other wildcard", (d) => `*.${d}`, (d) => `wiki.${d}`],
    ["a wildcard that covers the other name", (d) => `wiki.${d}`, (d) => `*.${d}`],
    ["the same wildcard", (d) => `*.${d}`, (d) => `*.${d}`],
    ["upper case", (d) => `wiki.${d}`, (d) => `WIKI.${d.toUpperCase()}`],
    ["a trailing dot", (d) => `wiki.${d}`, (d) => `wiki.${d}.`],
    ["a wildcard in upper case with a trailing dot", (d) => `wiki.${d}`, (d) => `*.${d.toUpperCase()}.`],
    ["its A-label", (d) => `bücher.${d}`, (d) => `xn--bcher-kva.${d}`],
    ["its U-label in upper case", (d) => `xn--bcher-kva.${d}`, (d) => `BÜCHER.${d}`],
    ["a decomposed U-label", (d) => `bücher.${d}`, (d) => `bu\u0308cher.${d}`],
    ["full-width letters and dots", (d) => `wiki.${d}`, (d) => `ｗｉｋｉ。${d}`],
    ["another path", (d) => `wiki.${d}`, (d) => `wiki.${d}`],
  ];
  test.each(overlaps)(
    "a host that overlaps another organization's claim is refused, in both orders: %s",
    async (title, first, second) => {
      const more = title === "another path" ? { pathPrefix: "/other" } : {};
      for (const [one, two] of [
        [first, second],
        [second, first],
      ] as const) {
        const [acme, beta] = [await tenant(), await tenant()];
        const d = domain();
        expect(reasonOf(await acme.route(one(d), newUpstream()))).toBe("ok");
        const answer = await beta.route(two(d), newUpstream(), more);
        expect([answer.status, reasonOf(answer)]).toEqual([409, "host_taken"]);
        expect(answer.text).not.toContain(acme.organizationId);
        expect(await claimsOf(beta, "host")).toEqual([]);
        expect(await claimsOf(beta, "upstream")).toEqual([]);
      }
    },
  );

  const disjoint: [string, (d: string) => string, (d: string) => string][] = [
    ["a sibling name", (d) => `wiki.${d}`, (d) => `blog.${d}`],
    ["the parent of the wildcard", (d) => `*.${d}`, (d) => d],
    ["a name two labels below a wildcard", (d) => `*.${d}`, (d) => `a.b.${d}`],
    ["a wildcard below a name", (d) => `wiki.${d}`, (d) => `*.wiki.${d}`],
    ["a wildcard below a wildcard", (d) => `*.${d}`, (d) => `*.wiki.${d}`],
  ];
  test.each(disjoint)(
    "a host that overlaps no claim can be claimed, in both orders: %s",
    async (_title, first, second) => {
      for (const [one, two] of [
        [first, second],
        [second, first],
      ] as const) {
        const [acme, beta] = [await tenant(), await tenant()];
        const d = domain();
        expect(reasonOf(await acme.route(one(d), newUpstream()))).toBe("ok");
        expect(reasonOf(await beta.route(two(d), newUpstream()))).toBe("ok");
      }
    },
  );

  test("a claimed host can be claimed on another gateway", async () => {
    const otherGateway = await insertGateway(world.db, world.runtime);
    const [acme, beta] = [await tenant(), await tenant(otherGateway)];
    const host = `wiki.${domain()}`;
    expect(reasonOf(await acme.route(host, newUpstream()))).toBe("ok");
    expect(reasonOf(await beta.route(host, newUpstream()))).toBe("ok");
  });

  test("a host claim remains after its route and its application are deleted", async () => {
    const [acme, beta] = [await tenant(), await tenant()];
    const host = `wiki.${domain()}`;
    const created = await acme.route(host, newUpstream());
    expect(reasonOf(await acme.call("routes.delete", { routeId: created.data.routeId }))).toBe("ok");
    expect(reasonOf(await beta.route(host, newUpstream()))).toBe("host_taken");
    const { applicationId } = await given(acme).application({
      environmentId: (await insertEnvironment(world, acme)).environmentId,
      access: "protected",
      route: { host, upstreams: [{ url: newUpstream() }] },
    });
    expect(reasonOf(await acme.call("applications.delete", { applicationId }))).toBe("ok");
    expect(reasonOf(await beta.route(host, newUpstream()))).toBe("host_taken");
    expect(await claimsOf(acme, "host")).toEqual([host]);
  });

  test("moving a route claims the new host and keeps the claim of the former host", async () => {
    const [acme, beta] = [await tenant(), await tenant()];
    const [before, after] = [`wiki.${domain()}`, `wiki.${domain()}`];
    const { data } = await acme.route(before, newUpstream());
    expect(reasonOf(await acme.call("routes.update", { routeId: data.routeId, host: after }))).toBe("ok");
    expect(reasonOf(await beta.route(before, newUpstream()))).toBe("host_taken");
    expect(reasonOf(await beta.route(after, newUpstream()))).toBe("host_taken");
    const theirs = await beta.route(`wiki.${domain()}`, newUpstream());
    const answer = await beta.call("routes.update", { routeId: theirs.data.routeId, host: after.toUpperCase() });
    expect(reasonOf(answer)).toBe("host_taken");
  });

  test("a claim is released only by its organization, for its gateway, when no route needs it", async () => {
    const acme = await tenant();
    const host = `wiki.${domain()}`;
    const { data } = await acme.route(host, newUpstream());
    const [claim] = await readRows(world.db.owner, claims, { value: host }, ["claimId"]);
    const release = (gatewayId: string) =>
      world.runtime.database.transaction("tenant", acme.organizationId, (tx) =>
        releaseHost(tx, claim?.claimId ?? "", gatewayId),
      );
    expect(await release(world.gatewayId)).toBe("in_use");
    expect(await release("gtw_another")).toBe("gone");
    await acme.call("routes.delete", { routeId: data.routeId });
    const beta = await tenant();
    const byAnother = await world.runtime.database.transaction("tenant", beta.organizationId, (tx) =>
      releaseHost(tx, claim?.claimId ?? "", world.gatewayId),
    );
    expect(byAnother).toBe("gone");
    expect(await release(world.gatewayId)).toBe("released");
    expect(await release(world.gatewayId)).toBe("gone");
    expect(reasonOf(await beta.route(host, newUpstream()))).toBe("ok");
  });
});

describe("upstream claims", () => {
  const forms: [string, (port: number) => string, (port: number) => string][] = [
    ["the same name", (port) => `http://wiki.internal:${port}`, (port) => `http://wiki.internal:${port}`],
    [
      "a name in upper case with a trailing dot",
      (port) => `http://wiki.internal:${port}`,
      (port) => `http://WIKI.Internal.:${port}`,
    ],
    ["another scheme", (port) => `http://wiki.internal:${port}`, (port) => `https://wiki.internal:${port}`],
    ["IPv4", (port) => `http://192.0.2.7:${port}`, (port) => `http://192.0.2.7:${port}/`],
    ["IPv4 in hexadecimal", (port) => `http://192.0.2.7:${port}`, (port) => `http://0xc0000207:${port}`],
    ["IPv4 in octal", (port) => `http://192.0.2.7:${port}`, (port) => `http://0300.0.2.7:${port}`],
    [
      "an IPv4-mapped IPv6 address",
      (port) => `http://192.0.2.7:${port}`,
      (port) => `http://[::ffff:192.0.2.7]:${port}`,
    ],
    [
      "an IPv4-mapped IPv6 address in hexadecimal",
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
    [
      "a loopback address mapped to IPv6",
      (port) => `http://localhost:${port}`,
      (port) => `http://[::ffff:127.0.0.1]:${port}`,
    ],
    ["the unspecified address", (port) => `http://localhost:${port}`, (port) => `http://0.0.0.0:${port}`],
    ["a shortened loopback address", (port) => `http://localhost:${port}`, (port) => `http://127.1:${port}`],
    ["an address of this host", (port) => `http://localhost:${port}`, (port) => `http://10.1.2.3:${port}`],
    [
      "an address of this host, mapped to IPv6",
      (port) => `http://127.0.0.1:${port}`,
      (port) => `http://[::ffff:10.1.2.3]:${port}`,
    ],
  ];
  test.each(forms)(
    "an upstream that another organization claimed is refused, in both orders: %s",
    async (_title, first, second) => {
      for (const [one, two] of [
        [first, second],
        [second, first],
      ] as const) {
        const [acme, beta] = [await tenant(), await tenant()];
        const port = nextPort++;
        expect(reasonOf(await acme.route(`a.${domain()}`, one(port)))).toBe("ok");
        const answer = await beta.route(`b.${domain()}`, two(port));
        expect([answer.status, reasonOf(answer)]).toEqual([409, "upstream_taken"]);
        // All or nothing: the refused route does not claim its host either.
        expect(await claimsOf(beta, "host")).toEqual([]);
      }
    },
  );

  test("a route is refused if one of its upstreams is taken, and then claims none of them", async () => {
    const [acme, beta] = [await tenant(), await tenant()];
    const shared = newUpstream();
    await acme.route(`a.${domain()}`, shared);
    const answer = await beta.route(`b.${domain()}`, newUpstream(), {
      upstreams: [{ url: newUpstream() }, { url: shared }],
    });
    expect(reasonOf(answer)).toBe("upstream_taken");
    expect(await claimsOf(beta, "upstream")).toEqual([]);
  });

  test("an organization with checked upstreams claims a name together with its addresses", async () => {
    const beta = await tenant();
    const acme = await world.organization({ upstreams: "checked" });
    const { environmentId } = await insertEnvironment(world, acme);
    world.dns.set("pinned.example.org", ["198.51.100.4", "2001:db8::4"]);
    const { applicationId } = await given(acme).application({ environmentId, access: "protected" });
    const upstreams = [{ url: "https://pinned.example.org:8443" }];
    const created = await acme.call("routes.create", { applicationId, host: `a.${domain()}`, upstreams });
    expect(reasonOf(created)).toBe("ok");
    expect(await claimsOf(acme, "upstream")).toEqual([
      "198.51.100.4:8443",
      "2001:db8::4:8443",
      "pinned.example.org:8443",
    ]);
    for (const url of ["http://198.51.100.4:8443", "http://[2001:db8::4]:8443", "http://pinned.example.org:8443"]) {
      expect(reasonOf(await beta.route(`b.${domain()}`, url))).toBe("upstream_taken");
    }
  });

  test("an upstream claim ends with its last route and not before", async () => {
    const [acme, beta] = [await tenant(), await tenant()];
    const upstream = newUpstream();
    const first = await acme.route(`a.${domain()}`, upstream);
    const second = await acme.route(`b.${domain()}`, upstream);
    await acme.call("routes.delete", { routeId: first.data.routeId });
    expect(reasonOf(await beta.route(`c.${domain()}`, upstream))).toBe("upstream_taken");
    const moved = await acme.call("routes.update", {
      routeId: second.data.routeId,
      upstreams: [{ url: newUpstream() }],
    });
    expect(reasonOf(moved)).toBe("ok");
    expect(reasonOf(await beta.route(`c.${domain()}`, upstream))).toBe("ok");
  });

  test("an upstream claim ends with its application", async () => {
    const [acme, beta] = [await tenant(), await tenant()];
    const upstream = newUpstream();
    const created = await acme.route(`a.${domain()}`, upstream);
    const route = await acme.call<{ applicationId: string }>("routes.one", { routeId: created.data.routeId });
    await acme.call("applications.delete", { applicationId: route.data.applicationId });
    expect(reasonOf(await beta.route(`c.${domain()}`, upstream))).toBe("ok");
  });

  test("two applications of one organization share an upstream only under hosts that do not overlap", async () => {
    const acme = await tenant();
    const [d, upstream] = [domain(), newUpstream()];
    expect(reasonOf(await acme.route(`wiki.${d}`, upstream))).toBe("ok");
    expect(reasonOf(await acme.route(`wiki.${d}`, upstream, { pathPrefix: "/admin" }))).toBe("upstream_shared");
    expect(reasonOf(await acme.route(`*.${d}`, upstream))).toBe("upstream_shared");
    expect(reasonOf(await acme.route(`wiki.${d}`, newUpstream(), { pathPrefix: "/admin" }))).toBe("ok");
    expect(reasonOf(await acme.route(`other.${d}`, upstream))).toBe("ok");
  });

  test("the control plane and the gateway are rejected as upstreams", async () => {
    const acme = await tenant();
    for (const url of ["http://localhost:3000", "http://127.0.0.1:8000", "http://[::1]:8001", "http://10.1.2.3:3000"]) {
      expect(reasonOf(await acme.route(`a.${domain()}`, url))).toBe("invalid_upstream");
    }
  });
});

describe("concurrent claims", () => {
  const pairs: [string, (d: string) => [string, string]][] = [
    ["the same name", (d) => [`wiki.${d}`, `wiki.${d}`]],
    ["a wildcard and a name", (d) => [`*.${d}`, `wiki.${d}`]],
  ];
  test.each(pairs)(
    "exactly one of two concurrent claims succeeds in each of fifty pairs that want %s",
    async (_title, hosts) => {
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
    },
  );

  test("exactly one of two concurrent claims succeeds in each of fifty pairs that want one upstream", async () => {
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

  test("exactly one of two concurrent route requests for one host succeeds in each of fifty pairs", async () => {
    const [acme, beta] = [await tenant(), await tenant()];
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const d = domain();
        const answers = await Promise.all([
          acme.route(`wiki.${d}`, newUpstream()),
          beta.route(`*.${d}`, newUpstream()),
        ]);
        return answers.map(reasonOf).sort().join(" ");
      }),
    );
    expect(new Set(outcomes)).toEqual(new Set(["host_taken ok"]));
  });

  test("an upstream claim remains while any route exists and ends when the last routes are deleted at once", async () => {
    const acme = await tenant();
    for (let round = 0; round < 10; round++) {
      const upstream = newUpstream();
      const created = await Promise.all([
        acme.route(`a.${domain()}`, upstream),
        acme.route(`b.${domain()}`, upstream),
        acme.route(`c.${domain()}`, upstream),
      ]);
      expect(created.map(reasonOf)).toEqual(["ok", "ok", "ok"]);
      const key = new URL(upstream).host;
      // Two routes are deleted while one is created: the claim must remain.
      const [, , added] = await Promise.all([
        acme.call("routes.delete", { routeId: created[0].data.routeId }),
        acme.call("routes.delete", { routeId: created[1].data.routeId }),
        acme.route(`d.${domain()}`, upstream),
      ]);
      expect(await claimsOf(acme, "upstream")).toContain(key);
      await Promise.all([
        acme.call("routes.delete", { routeId: created[2].data.routeId }),
        acme.call("routes.delete", { routeId: added.data.routeId }),
      ]);
      expect(await claimsOf(acme, "upstream")).not.toContain(key);
    }
  });
});

describe("claims in the database", () => {
  test("a tenant cannot read another organization's claims", async () => {
    const [acme, beta] = [await tenant(), await tenant()];
    const host = `wiki.${domain()}`;
    await acme.route(host, newUpstream());
    const visible = await runAs(world, "tenant", beta.organizationId, `select * from claims`);
    expect(JSON.stringify(visible)).not.toContain(host);
  });

  test("the 101st host of an organization goes into its next deny file", async () => {
    const acme = await tenant();
    const groups = await world.runtime.database.transaction("tenant", acme.organizationId, async (tx) => {
      const assigned: (number | null)[] = [];
      for (let index = 0; index < 201; index++) {
        const claim = await claimHost(tx, world.gatewayId, `h${index}.${domain()}`, new Date());
        assigned.push(claim.outcome === "taken" ? null : claim.denyGroup);
      }
      return assigned;
    });
    expect(groups.filter((group) => group === 0)).toHaveLength(100);
    expect(groups.filter((group) => group === 1)).toHaveLength(100);
    expect(groups.at(-1)).toBe(2);
  });
});
