import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { UpstreamTarget } from "#src/platform/values";
import { type GivenOrganization, given, openWorld, type World } from "#tests/support/world";

let world: World;
/** Every question to an upstream. */
let asked: { target: UpstreamTarget; addresses: readonly string[] }[] = [];
beforeAll(async () => {
  world = await openWorld({
    upstreamWatch: {
      check: async (target, addresses) => {
        asked.push({ target, addresses });
        return { outcome: "answers", status: 302 };
      },
    },
  });
  world.dns.set("wiki.internal", ["10.0.0.7"]);
  world.dns.set("rebind.example", ["10.0.0.7", "169.254.169.254"]);
  world.dns.set("portcullis.internal", ["10.1.2.3"]);
});
afterAll(() => world.close());
beforeEach(() => {
  asked = [];
});

interface Checked {
  readonly outcome: string;
  readonly status: number | null;
  readonly refusal: { reason: string; problem: string; message: string } | null;
}

const check = (organization: GivenOrganization, url: string) =>
  given(organization).ok<Checked>("upstreams.check", { url });

describe("upstreams.check", () => {
  test("says with which status the upstream answers, at the address that was checked", async () => {
    const acme = await world.organization();
    expect(await check(acme, "http://wiki.internal:8080")).toEqual({ outcome: "answers", status: 302, refusal: null });
    expect(asked).toEqual([
      { target: expect.objectContaining({ host: "wiki.internal", port: 8080 }), addresses: ["10.0.0.7"] },
    ]);
  });

  test("asks this machine by its names, without DNS", async () => {
    const acme = await world.organization();
    for (const host of ["localhost", "wiki.localhost", "box"]) await check(acme, `http://${host}:9000`);
    expect(asked.map(({ addresses }) => addresses)).toEqual(Array(3).fill(["127.0.0.1", "::1"]));
  });

  test.each([
    ["not a URL", "invalid_upstream", "upstream_malformed"],
    ["http://169.254.169.254", "invalid_upstream", "upstream_metadata"],
    ["http://0xa9fea9fe", "invalid_upstream", "upstream_metadata"],
    ["http://rebind.example", "invalid_upstream", "upstream_metadata"],
    ["http://127.0.0.1:3000", "invalid_upstream", "upstream_control_plane"],
    ["http://portcullis.internal:3000", "invalid_upstream", "upstream_control_plane"],
    ["http://127.0.0.1:8000", "invalid_upstream", "upstream_control_plane"],
    ["https://portcullis.example.org", "invalid_upstream", "upstream_control_plane"],
    ["http://10.0.0.7/admin", "invalid_upstream", "upstream_malformed"],
    ["http://user:word@10.0.0.7", "invalid_upstream", "upstream_malformed"],
  ])("sends nothing to %s, and says why a route may not lead there", async (url, reason, problem) => {
    const checked = await check(await world.organization(), url);
    expect(checked).toMatchObject({ outcome: "not_allowed", status: null, refusal: { reason, problem } });
    expect(asked).toEqual([]);
  });

  test("sends nothing to this machine for an organization whose upstreams are checked", async () => {
    const strict = await world.organization({ upstreams: "checked" });
    for (const url of ["http://127.0.0.1:9000", "http://localhost:9000", "http://10.1.2.3:9000", "http://[::1]:9000"]) {
      expect((await check(strict, url)).refusal?.reason).toBe("invalid_upstream");
    }
    expect((await check(strict, "http://unknown.internal")).refusal?.problem).toBe("upstream_unresolved");
    expect(asked).toEqual([]);
  });

  test("sends nothing to an upstream of another organization, and says no more about it than a route does", async () => {
    const acme = await world.organization();
    const beta = await world.organization();
    const route = { host: "theirs.example.org", upstreams: [{ url: "http://10.0.0.77:8080" }] };
    await given(acme).application({ route, access: "protected" });
    expect((await check(beta, "http://10.0.0.77:8080")).refusal).toMatchObject({ reason: "upstream_taken" });
    const refused = await beta.call("routes.create", {
      ...route,
      host: "mine.example.org",
      applicationId: (await given(beta).application()).applicationId,
    });
    expect((await check(beta, "http://10.0.0.77:8080")).refusal?.message).toBe(refused.error.message);
    expect(asked).toEqual([]);
    expect((await check(acme, "http://10.0.0.77:8080")).outcome).toBe("answers");
  });

  test("is limited for each caller, also when the upstream is not allowed", async () => {
    const acme = await world.organization();
    const call = world.callAs(await acme.key("developer"));
    const urls = Array.from({ length: 20 }, (_, at) => `http://169.254.169.254:${at + 1}`);
    for (const url of urls) expect((await call("upstreams.check", { url })).status).toBe(200);
    const answer = await call("upstreams.check", { url: "http://10.0.0.7" });
    expect([answer.status, answer.error.data.reason]).toEqual([429, "rate_limited"]);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  });

  test("is limited for an organization, however many keys it has, and not for another one", async () => {
    const acme = await world.organization();
    const statuses: number[] = [];
    for (let key = 0; key < 7; key++) {
      const call = world.callAs(await acme.key("developer"));
      for (let at = 0; at < 20; at++) {
        statuses.push((await call("upstreams.check", { url: "http://169.254.169.254" })).status);
      }
    }
    expect(statuses.filter((status) => status === 200)).toHaveLength(120);
    expect((await check(await world.organization(), "http://10.0.0.7")).outcome).toBe("answers");
  });

  test("refuses a gateway that the organization may not use", async () => {
    const answer = await (await world.organization()).call("upstreams.check", {
      url: "http://10.0.0.7",
      gatewayId: "gtw_x",
    });
    expect(answer.status).toBe(404);
  });
});
