import { once } from "node:events";
import { createServer } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { realPace } from "../../src/platform/timer";
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
  gateway = await startFakeGateway(sync.places, sync);
  return gateway;
};
const observed = (condition: string) =>
  until(
    async () =>
      (
        await sync.world.db.asOwner<{ condition: string | null; condition_at: Date | null }>(
          "select condition, condition_at from gateways where gateway_id = $1",
          [sync.gatewayId],
        )
      )[0],
    (row) => row?.condition === condition && row.condition_at !== null,
  );

describe("the condition of a gateway", () => {
  it("is not_running until something answers, then serving, and not_running again when it stops", async () => {
    await start();
    await observed("not_running");
    const fake = await serve();
    await observed("serving");
    await fake.close();
    gateway = null;
    await observed("not_running");
  });

  it("is cannot_read if something answers that has loaded no file of the folder", async () => {
    await start();
    await observed("not_running");
    const [host = "", port] = sync.probeAddress.split(":");
    const empty = createServer((_request, response) => response.writeHead(404).end()).listen(Number(port), host);
    await once(empty, "listening");
    await until(
      async () => {
        jumped += 2_000;
        const [row] = await sync.world.db.asOwner<{ condition: string | null }>(
          "select condition from gateways where gateway_id = $1",
          [sync.gatewayId],
        );
        return row?.condition;
      },
      (condition) => condition === "cannot_read",
    );
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
    await observed("serving");
    fake.freeze();
    await sync.given.ok("applications.update", { applicationId, name: "Other" });
    await sync.given.ok("security.create", { applicationId, username: "bob", password: password() });
    await until(
      () => sync.pending(),
      (pending) => pending === 0,
    );
    expect((await sync.gateway()).loaded_revision).toBeLessThan((await sync.gateway()).revision);
    jumped += 20_000;
    await until(
      async () => {
        jumped += 2_000;
        return (
          await sync.world.db.asOwner<{ condition: string }>("select condition from gateways where gateway_id = $1", [
            sync.gatewayId,
          ])
        )[0]?.condition;
      },
      (condition) => condition === "does_not_watch",
    );
    fake.thaw();
    await observed("serving");
  });
});
