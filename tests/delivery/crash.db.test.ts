import { afterEach, beforeEach, expect, it } from "vitest";
import { type FaultPoint, faultPoints } from "#src/delivery/protocol/target";
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

const protectedApplication = async () => {
  const { applicationId } = await sync.given.application({
    access: "protected",
    route: { host: "wiki.localhost", upstreams: [{ url: "http://127.0.0.1:9000" }] },
    credential: { username: "ada", password: password() },
  });
  return applicationId;
};

it("a failure between any two steps is retried, and no state is reported before it is reached", async () => {
  let failing: FaultPoint | null = null;
  const reconciler = sync.reconciler({
    faultPoint: (point) => {
      if (point === failing) throw new Error(`crash when ${point}`);
    },
  });
  reconciler.start();
  await reconciler.ready;
  const applicationId = await protectedApplication();
  const { data } = await sync.organization.call<{ items: { securityId: string }[] }>("security.list", {
    applicationId,
  });
  const securityId = data.items[0]?.securityId;
  for (const point of faultPoints) {
    const { revision } = await sync.proven(applicationId);
    failing = point;
    await sync.given.ok("security.update", { securityId, password: password() });
    await until(
      () => sync.world.log(),
      (log) => log.includes(`crash when ${point}`),
    );
    if (point !== "recorded") {
      expect(await sync.pending()).toBeGreaterThan(0);
      expect((await sync.state(applicationId))?.revision).toBe(revision);
    }
    failing = null;
    expect((await sync.proven(applicationId)).revision).toBeGreaterThan(revision);
    await until(
      () => sync.gateway(),
      ({ cause }) => cause === null,
    );
  }
});

it("a leader that stalls between any two steps is replaced, and writes nothing when it continues", async () => {
  const start = async () => {
    let pausing: FaultPoint | null = null;
    let reached: () => void = () => undefined;
    let release: () => void = () => undefined;
    const there = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const reconciler = sync.reconciler({
      faultPoint: async (point) => {
        if (point !== pausing) return;
        pausing = null;
        reached();
        await released;
      },
    });
    reconciler.start();
    expect(await reconciler.ready).toMatchObject({ leads: true });
    const pause = (point: FaultPoint) => {
      pausing = point;
    };
    return { ...reconciler, pause, there, release };
  };

  let leader = await start();
  const applicationId = await protectedApplication();
  for (const point of faultPoints) {
    await sync.proven(applicationId);
    leader.pause(point);
    const { securityId } = await sync.given.credential(applicationId, "mallory");
    await leader.there;
    expect((await sync.pending()) > 0, point).toBe(point !== "recorded");

    const next = await start();
    await sync.given.ok("security.delete", { securityId });
    await sync.proven(applicationId);
    const live = sync.file(applicationId);
    expect(live).toContain("ada:");
    expect(live, point).not.toContain("mallory:");

    const { revision } = await sync.gateway();
    const gone = leader.stop();
    leader.release();
    await gone;
    expect(sync.file(applicationId), point).toBe(live);
    expect((await sync.gateway()).revision, point).toBe(revision);
    expect(await sync.proven(applicationId)).toMatchObject({ intended: "protected" });
    leader = next;
  }
});
