import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { changes } from "#drizzle/changes";
import { deliveries as deliveriesTable } from "#drizzle/sync";
import { realPace } from "#src/platform/timer";
import { lastRow, readRows } from "#tests/support/rows/table";
import { type FakeGateway, startFakeGateway } from "../fake-gateway";
import { openSyncWorld, password, type SyncWorld, until } from "../sync-world";

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

const application = (host: string, port: number) =>
  sync.given.application({
    access: "protected",
    route: { host, upstreams: [{ url: `http://127.0.0.1:${port}` }] },
    credential: { username: "ada", password: password() },
  });

const deliveries = async () =>
  (await readRows(sync.world.db.owner, deliveriesTable, { gatewayId: sync.gatewayId })).map(
    ({ revision, appliedAt }) => ({ revision, applied: appliedAt !== null }),
  );

const deliveredIn = async (applicationId: string) =>
  (await lastRow(sync.world.db.owner, changes, { applicationId }))?.deliveredIn;

/** Options of a reconciler whose next delivery can be interrupted when it is staged, and whose clock can jump. */
function interruptOnceStaged() {
  let jumped = 0;
  let planned: (() => Promise<void>) | null = null;
  return {
    plan: (interrupt: () => Promise<void>) => {
      planned = interrupt;
    },
    jump: (ms: number) => {
      jumped += ms;
    },
    options: {
      pace: { ...realPace, now: () => performance.now() + jumped },
      faultPoint: async (point: string) => {
        if (point !== "staged" || planned === null) return;
        const interrupt = planned;
        planned = null;
        await interrupt();
      },
    },
  };
}

it("a delivery that only opens is cancelled before its first file if a revocation arrives during staging", async () => {
  const interruption = interruptOnceStaged();
  const reconciler = sync.reconciler(interruption.options);
  reconciler.start();
  await reconciler.ready;
  const { applicationId: revoked } = await application("wiki.localhost", 9000);
  await sync.proven(revoked);
  const { data } = await sync.organization.call<{ items: { securityId: string }[] }>("security.list", {
    applicationId: revoked,
  });
  const before = await deliveries();

  let opened = "";
  let liveWhenRevoked: string | null = "";
  interruption.plan(async () => {
    await sync.given.ok("security.update", { securityId: data.items[0]?.securityId, password: password() });
    liveWhenRevoked = opened === "" ? null : sync.file(opened);
    interruption.jump(1_000); // the next check for a closing change is due
  });
  opened = (await application("blog.localhost", 9001)).applicationId;
  await Promise.all([sync.proven(opened), sync.proven(revoked)]);

  const [overtaken, next] = (await deliveries()).slice(before.length);
  expect(liveWhenRevoked).toBeNull();
  expect([overtaken?.applied, next?.applied]).toEqual([false, true]);
  expect(await deliveredIn(revoked)).toBe(next?.revision);
  expect(await deliveredIn(opened)).toBe(next?.revision);
  expect(sync.world.log()).not.toContain("a delivery failed");
});

it("a comparison's repairs are cancelled for a revocation, which is delivered first and alone", async () => {
  const interruption = interruptOnceStaged();
  const reconciler = sync.reconciler(interruption.options);
  const { applicationId: revoked } = await application("wiki.localhost", 9000);
  const broken = await Promise.all(
    Array.from({ length: 60 }, (_, at) => application(`blog-${at}.localhost`, 9001 + at)),
  );
  reconciler.start();
  await reconciler.ready;
  await sync.proven(revoked);
  await reconciler.stop();
  for (const { applicationId } of broken) rmSync(join(sync.paths.applications, `${applicationId}.yml`));
  const { data } = await sync.organization.call<{ items: { securityId: string }[] }>("security.list", {
    applicationId: revoked,
  });
  const before = await deliveries();

  let mendedWhenRevoked = Number.NaN;
  const mended = () => broken.filter(({ applicationId }) => sync.file(applicationId) !== null).length;
  interruption.plan(async () => {
    await sync.given.ok("security.update", { securityId: data.items[0]?.securityId, password: password() });
    mendedWhenRevoked = mended();
    interruption.jump(1_000);
  });
  const next = sync.reconciler(interruption.options);
  next.start();
  await next.ready;
  await until(mended, (files) => files === broken.length);

  const [overtaken, closing] = (await deliveries()).slice(before.length);
  expect(mendedWhenRevoked).toBe(0);
  expect([overtaken?.applied, closing?.applied]).toEqual([false, true]);
  expect(await deliveredIn(revoked)).toBe(closing?.revision);
  expect(sync.world.log()).not.toContain("revocation not delivered");
});
