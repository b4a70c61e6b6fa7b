import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type GivenOrganization, given, insertGateway, openWorld, type World } from "#tests/support/world";

let world: World;
beforeAll(async () => {
  world = await openWorld(); // its address is 10.1.2.3, its name is box, and it listens on 127.0.0.1:3000
  world.dns.set("portcullis.internal", ["10.1.2.3"]);
  world.dns.set("six.internal", ["2001:db8::1", "::1"]);
});
afterAll(() => world.close());

const thisHost = ["127.0.0.1", "127.9.9.9", "localhost", "LOCALHOST.", "x.localhost", "0.0.0.0", "[::1]", "[::]"];
const otherForms = [
  "[::ffff:127.0.0.1]",
  "[::127.0.0.1]",
  "0x7f.1",
  "0177.0.0.1",
  "2130706433",
  "10.1.2.3",
  "167838211",
  "[::ffff:10.1.2.3]",
];
const ownNames = ["box", "BOX.", "Box.lan", "box.lan.", "host.docker.internal", "Portcullis.internal.", "six.internal"];

describe.each([":8000", "0.0.0.0:8000", "[::]:8000", "127.0.0.1:8000", "10.1.2.3:8000"])(
  "a gateway that listens on %s",
  (address) => {
    let acme: GivenOrganization;
    let applicationId: string;
    beforeAll(async () => {
      const probeAddress = address.replace("8000", "8001");
      const gatewayId = await insertGateway(world.db, world.runtime, { address, probeAddress });
      acme = await world.organization({ gatewayId, upstreams: "any" });
      ({ applicationId } = await given(acme).application());
    });

    const refusal = { "upstreams.0.url": "upstream_control_plane" };

    test("rejects an upstream that leads to the gateway or to the control plane, in every spelling", async () => {
      for (const host of [...thisHost, ...otherForms, ...ownNames]) {
        for (const port of ownNames.includes(host) ? [8000] : [8000, 8001, 3000]) {
          const upstreams = [{ url: `http://${host}:${port}` }];
          const answer = await acme.call("routes.create", { applicationId, host: "x.example.org", upstreams });
          expect([host, port, answer.status, answer.error?.data.fields]).toEqual([host, port, 400, refusal]);
        }
      }
    });

    test("accepts an upstream on another port of the same host, which cannot be changed to the gateway later", async () => {
      const { routeId } = await given(acme).ok<{ routeId: string }>("routes.create", {
        applicationId,
        host: "y.example.org",
        upstreams: [{ url: "http://localhost:9000" }],
      });
      const answer = await acme.call("routes.update", { routeId, upstreams: [{ url: "http://127.1:8000" }] });
      expect([answer.status, answer.error?.data.fields]).toEqual([400, refusal]);
    });
  },
);

describe("upstreams on this machine", () => {
  const spellings = [...thisHost, ...otherForms, ...ownNames];
  const attempt = async (organization: GivenOrganization, host: string, url: string) => {
    const { applicationId } = await given(organization).application({ access: "protected" });
    return organization.call("routes.create", { applicationId, host, upstreams: [{ url }] });
  };

  test("an upstream on this machine is claimed by every name and address of the machine", async () => {
    const acme = await world.organization({ upstreams: "any" });
    const beta = await world.organization({ upstreams: "any" });
    expect((await attempt(acme, "first.example.net", "http://box:9400")).status).toBe(200);
    for (const spelling of spellings) {
      const answer = await attempt(beta, "second.example.net", `http://${spelling}:9400`);
      expect([spelling, answer.error?.data.reason]).toEqual([spelling, "upstream_taken"]);
    }
  });

  test("an organization with checked upstreams cannot use this machine, by any name or address", async () => {
    const strict = await world.organization({ upstreams: "checked" });
    for (const spelling of spellings) {
      const answer = await attempt(strict, "third.example.net", `http://${spelling}:9401`);
      expect([spelling, answer.error?.data.reason]).toEqual([spelling, "invalid_upstream"]);
    }
  });

  test("no organization can use the control plane's public address as an upstream, wherever its name resolves", async () => {
    for (const upstreams of ["any", "checked"] as const) {
      const organization = await world.organization({ upstreams });
      world.dns.set("portcullis.example.org", ["203.0.113.9"]);
      const answer = await attempt(organization, "fourth.example.net", "https://portcullis.example.org");
      expect(answer.error?.data.fields).toEqual({ "upstreams.0.url": "upstream_control_plane" });
    }
  });

  test("a name without an address in DNS is claimed as a name", async () => {
    const acme = await world.organization({ upstreams: "any" });
    expect((await attempt(acme, "fifth.example.net", "http://unknown.internal:9402")).status).toBe(200);
  });
});
