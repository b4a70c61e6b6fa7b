import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type GivenOrganization, given, insertGateway, openWorld, type World } from "../../support/world";

let world: World;
beforeAll(async () => {
  world = await openWorld(); // its own address is 10.1.2.3, and it listens on 127.0.0.1:3000
});
afterAll(() => world.close());

const thisHost = ["127.0.0.1", "127.9.9.9", "localhost", "LOCALHOST.", "x.localhost", "0.0.0.0", "[::1]", "[::]"];
const otherForms = ["[::ffff:127.0.0.1]", "0x7f.1", "2130706433", "10.1.2.3", "[::ffff:10.1.2.3]"];

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

    test("is led to by no route, nor is the control plane, however they are written", async () => {
      for (const host of [...thisHost, ...otherForms]) {
        for (const port of [8000, 8001, 3000]) {
          const upstreams = [{ url: `http://${host}:${port}` }];
          const answer = await acme.call("routes.create", { applicationId, host: "x.example.org", upstreams });
          expect([host, port, answer.status, answer.error?.data.fields]).toEqual([host, port, 400, refusal]);
        }
      }
    });

    test("takes a route to another port of the same host, which cannot be led to the gateway later", async () => {
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
