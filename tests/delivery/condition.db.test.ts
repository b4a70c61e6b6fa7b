import { once } from "node:events";
import { createServer } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { GatewayCondition } from "#src/platform/contract/sync-state";
import { realPace } from "#src/platform/timer";
import { type FakeGateway, startFakeGateway } from "./fake-gateway";
import { openSyncWorld, password, type SyncWorld, until } from "./sync-world";

let sync: SyncWorld;
let gateway: FakeGateway | null = null;
/** Added to the clock of the prober, in ms: a gateway that does not load is reported after ten seconds. */
let jumped = 0;

beforeEach(async () => {
  sync = await openSyncWorld();
  jumped = 0;
});
afterEach(async () => {
  await sync.close();
  await gateway?.close();
  gateway = null;
});

const start = async () => {
  const reconciler = sync.reconciler({ pace: { ...realPace, now: () => performance.now() + jumped } });
  reconciler.start();
  await reconciler.ready;
};
const serve = async () => {
  gateway = await startFakeGateway(sync.paths, sync);
  return gateway;
};
/** The condition that the leader has recorded, with the time of the observation. */
const recorded = async () => {
  const { condition, conditionAt } = await sync.gateway();
  return { condition, isDated: conditionAt !== null };
};
const observing = (condition: GatewayCondition) => ({ condition, isDated: true });
/** Lets time pass with each look at the condition. */
const recordedLater = async () => {
  jumped += 2_000;
  return recorded();
};

describe("the condition of a gateway", () => {
  it("is not_running until something answers, then serving, and not_running again when it stops", async () => {
    await start();
    await expect.poll(recorded).toEqual(observing("not_running"));
    const fake = await serve();
    await expect.poll(recorded).toEqual(observing("serving"));
    await fake.close();
    gateway = null;
    await expect.poll(recorded).toEqual(observing("not_running"));
  });

  it("is cannot_read if something answers that has loaded no file of the folder", async () => {
    await start();
    await expect.poll(recorded).toEqual(observing("not_running"));
    const [host = "", port] = sync.probeAddress.split(":");
    const empty = createServer((_request, response) => response.writeHead(404).end()).listen(Number(port), host);
    await once(empty, "listening");
    await expect.poll(recordedLater).toEqual(observing("cannot_read"));
    empty.closeAllConnections();
    empty.close();
    await once(empty, "close");
  });

  it("is does_not_watch if it serves an older delivery for ten seconds, and serving when it has loaded the newest", async () => {
    const fake = await serve();
    await start();
    const { applicationId } = await sync.given.application({
      access: "protected",
      route: { host: "wiki.localhost", upstreams: [{ url: "http://127.0.0.1:9000" }] },
      credential: { username: "ada", password: password() },
    });
    await sync.proven(applicationId);
    await expect.poll(recorded).toEqual(observing("serving"));
    fake.freeze();
    await sync.given.ok("applications.update", { applicationId, name: "Other" });
    await sync.given.ok("security.create", { applicationId, username: "bob", password: password() });
    await until(
      () => sync.pending(),
      (pending) => pending === 0,
    );
    expect((await sync.gateway()).loadedRevision).toBeLessThan((await sync.gateway()).revision);
    jumped += 20_000;
    await expect.poll(recordedLater).toEqual(observing("does_not_watch"));
    fake.thaw();
    await expect.poll(recorded).toEqual(observing("serving"));
  });
});
