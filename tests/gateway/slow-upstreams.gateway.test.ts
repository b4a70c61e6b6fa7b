import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type GatewayWorld, newHost, newPassword, openGatewayWorld, type Tenant } from "../support/gateway-world";
import { long } from "../support/length";
import { hasTraefik } from "../support/traefik";

/** The number of public applications of one organization whose upstream never answers. */
const hanging = long(500, 60);
const samples = long(5, 3);
/** The duration of a probe of a hanging upstream. No proof of another organization may take that long. */
const hangMs = 5_000;

describe.skipIf(!hasTraefik())("an organization whose upstreams hang", () => {
  let world: GatewayWorld;
  let beta: Tenant;
  let silent: Server;
  let requests = 0;

  beforeAll(async () => {
    silent = createServer(() => void requests++).listen(0, "127.0.0.1");
    await once(silent, "listening");
    world = await openGatewayWorld();
    beta = await world.organization("Beta");
  });
  afterAll(async () => {
    silent.closeAllConnections();
    silent.close();
    await world?.close();
  });

  /** The median time from the response to a change until it is known to be enforced, in ms. */
  async function medianOfProofs(change: () => Promise<{ readonly sync: { readonly changeId: string | null } }>) {
    const times: number[] = [];
    for (let sample = 0; sample < samples; sample++) {
      const changed = await change();
      const began = performance.now();
      await world.tenant.enforced(changed);
      times.push(performance.now() - began);
    }
    return times.sort((one, other) => one - other)[Math.floor(samples / 2)] ?? Number.NaN;
  }

  const open = () =>
    world.tenant.application({
      access: "public-when-empty",
      route: { host: newHost("open"), upstreams: [{ url: world.upstream.url }] },
    });
  const locked = () =>
    world.tenant.application({
      route: { host: newHost("locked"), upstreams: [{ url: world.upstream.url }] },
      credential: { username: "ada", password: newPassword() },
    });

  test(
    "hanging upstreams of one organization do not delay proofs of another organization, public or protected",
    async () => {
      const quiet = { open: await medianOfProofs(open), locked: await medianOfProofs(locked) };
      const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
      const wiki = await beta.application({
        access: "public-when-empty",
        route: { host: newHost("hangs"), upstreams: [{ url }] },
      });
      for (let count = 1; count < hanging; count++) {
        await beta.application({
          access: "public-when-empty",
          route: { host: newHost("hangs"), upstreams: [{ url }] },
        });
      }
      await expect.poll(() => requests, { timeout: 30_000 }).toBeGreaterThan(0);
      const during = { open: await medianOfProofs(open), locked: await medianOfProofs(locked) };
      // Twice the quiet time, and the reload of many more applications, is far less than a wait for a hanging upstream.
      expect(during.open).toBeLessThan(2 * quiet.open + hangMs / 2);
      expect(during.locked).toBeLessThan(2 * quiet.locked + hangMs / 2);
      // Its own closing change is answered by the chain, and does not wait for its hanging upstreams either.
      await beta.enforced(
        await beta.ok<{ sync: { changeId: string | null } }>("applications.update", {
          applicationId: wiki.applicationId,
          access: "protected",
        }),
      );
    },
    long(240_000, 120_000),
  );
});
