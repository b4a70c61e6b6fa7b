import { afterEach, beforeEach, expect, it } from "vitest";
import { changesChannel, type RunningSync, startSync } from "#src/delivery/leader/start-sync";
import { insertGateway } from "../support/world";
import { openSyncWorld, password, type SyncWorld, until } from "./sync-world";

let sync: SyncWorld;
let running: RunningSync;

beforeEach(async () => {
  sync = await openSyncWorld();
  const { folder, gatewayId } = sync;
  running = startSync(sync.world.runtime, {
    lookAgainMs: 3_600_000,
    folderOf: (gateway) => ({ folder: gateway.gatewayId === gatewayId ? folder : `${folder}-${gateway.gatewayId}` }),
  });
  await running.ready;
});
afterEach(async () => {
  await running.stop();
  await sync.close();
});

/** The sessions of the database that listen for hints. */
const listeners = async () => {
  const rows = await sync.world.db.asOwner<{ pid: number }>(
    "select pid from pg_stat_activity where datname = current_database() and query ilike 'listen%'",
  );
  return rows.map(({ pid }) => pid);
};
/** Creates an application as another process does, with all hints lost. Returns how long its delivery took, in ms. */
async function deliveredAfter(host: string, port: number): Promise<number> {
  const { applicationId } = await sync.given.application({
    access: "protected",
    route: { host, upstreams: [{ url: `http://127.0.0.1:${port}` }] },
    credential: { username: "ada", password: password() },
  });
  const since = Date.now();
  await until(
    () => sync.file(applicationId),
    (file) => file !== null,
  );
  return Date.now() - since;
}

it("a lost listener delays changes only until the timer, and is restored shortly after", async () => {
  const [before = 0, ...others] = await until(listeners, (pids) => pids.length > 0);
  expect(others).toEqual([]);
  await sync.world.db.asOwner("select pg_terminate_backend($1)", [before]);
  expect(await deliveredAfter("wiki.localhost", 9000)).toBeLessThan(20_000);
  const after = await until(listeners, (pids) => pids.length > 0 && !pids.includes(before));
  expect(after).toHaveLength(1);
  expect(await deliveredAfter("other.localhost", 9001)).toBeLessThan(20_000);
  // The process listens: without a notification, it would find a gateway that was created elsewhere only after an hour.
  const gatewayId = await insertGateway(sync.world.db, sync.world.runtime);
  await sync.world.runtime.database.hint(changesChannel, gatewayId);
  await until(() => running.status().some((gateway) => gateway.gatewayId === gatewayId), Boolean);
});
