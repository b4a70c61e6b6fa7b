import { afterEach, beforeEach, expect, it } from "vitest";
import { type GatewayClient, gatewayClient } from "#src/delivery/prober/gateway-client";
import { insertEnvironment } from "../support/environment";
import { given } from "../support/world";
import { type FakeGateway, startFakeGateway } from "./fake-gateway";
import { openSyncWorld, password, type SyncWorld, until } from "./sync-world";

let sync: SyncWorld;
let gateway: FakeGateway;

beforeEach(async () => {
  sync = await openSyncWorld();
  gateway = await startFakeGateway(sync.paths, sync);
});
afterEach(async () => {
  await sync.close();
  await gateway.close();
});

/** More than a lane has slots. */
const many = 60;

/**
 * Probes of hosts that start with `hangs` get no answer before the end of the test. A probe with a time limit times out
 * at once.
 */
function hangingClient() {
  const client = gatewayClient();
  const ends: (() => void)[] = [];
  const hanging = { now: 0, most: 0, tooSlow: 0 };
  const hangs: GatewayClient = {
    ...client,
    requestAsVisitor: async (address, host, path, patienceMs) => {
      const answer = await client.requestAsVisitor(address, host, path, null);
      const isPassed = answer !== null && typeof answer === "object" && answer.pass !== null;
      if (!host.startsWith("hangs") || !isPassed) return answer;
      hanging.most = Math.max(hanging.most, ++hanging.now);
      await new Promise<void>((resolve) => ends.push(resolve));
      hanging.now--;
      if (patienceMs !== null) hanging.tooSlow++;
      return patienceMs === null ? null : "too_slow";
    },
    close: () => {
      for (const end of ends.splice(0)) end();
      client.close();
    },
  };
  return { client: () => hangs, hanging, end: () => ends.splice(0).map((end) => end()) };
}

const publicApplication = { access: "public-when-empty", credential: undefined };
const protectedApplication = () => ({
  access: "protected",
  credential: { username: "ada", password: password() },
});
const routed = (host: string) => ({ route: { host, upstreams: [{ url: "http://10.0.0.9:9000" }] } });

/** Public applications of another organization whose upstream never answers. */
async function insertHanging(count: number) {
  const beta = await sync.world.organization({ gatewayId: sync.gatewayId, upstreams: "any" });
  const { environmentId } = await insertEnvironment(sync.world, beta);
  const made: string[] = [];
  for (let at = 0; at < count; at++) {
    const { applicationId } = await given(beta).application<{ applicationId: string }>({
      environmentId,
      ...publicApplication,
      route: { host: `hangs-${at}.localhost`, upstreams: [{ url: "http://10.0.0.8:9000" }] },
    });
    made.push(applicationId);
  }
  return { beta, environmentId, made };
}

it("the prober proves another organization's public and protected applications while sixty of one organization hang", async () => {
  const { client, hanging } = hangingClient();
  await insertHanging(many);
  const reconciler = sync.reconciler({ client });
  reconciler.start();
  await until(
    () => hanging.now,
    (now) => now > 0,
  );
  // None of the hanging probes ends before these are proven, so waiting behind one of them would take forever.
  const open = await sync.given.application({ ...publicApplication, ...routed("open.localhost") });
  const locked = await sync.given.application({ ...protectedApplication(), ...routed("locked.localhost") });
  await sync.proven(open.applicationId);
  await sync.proven(locked.applicationId);
  expect(hanging.now).toBeGreaterThan(0);
  expect(hanging.most).toBeLessThanOrEqual(8);
});

it("the prober proves a closing change of the same application, even though its upstream hangs", async () => {
  const { client, hanging } = hangingClient();
  const { beta, made } = await insertHanging(20);
  const reconciler = sync.reconciler({ client });
  reconciler.start();
  await until(
    () => hanging.now,
    (now) => now === 8,
  );
  for (const applicationId of [made[0] ?? "", made[19] ?? ""]) {
    await given(beta).ok("applications.update", { applicationId, access: "protected" });
    expect(await sync.proven(applicationId)).not.toMatchObject({ intended: "public" });
  }
  expect(hanging.now).toBe(8);
});

it("the prober probes slow applications in a separate lane, where they do not delay those that answer in time", async () => {
  const { client, hanging, end } = hangingClient();
  const { beta, environmentId } = await insertHanging(6);
  const reconciler = sync.reconciler({ client });
  reconciler.start();
  await until(
    () => hanging.now,
    (now) => now === 6,
  );
  end();
  await until(
    () => hanging,
    ({ now, tooSlow }) => tooSlow === 6 && now === 2, // the slow lane probes two applications of an organization
  );
  const { applicationId } = await given(beta).application<{ applicationId: string }>({
    environmentId,
    ...publicApplication,
    route: { host: "quick.localhost", upstreams: [{ url: "http://10.0.0.8:9000" }] },
  });
  await sync.proven(applicationId);
  expect(hanging).toMatchObject({ now: 2, tooSlow: 6 });
});
