import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hasTraefik, type RunningTraefik, startTraefik } from "../support/traefik";
import { startUpstream, type Upstream } from "../support/upstream";
import { openSyncWorld, password, type SyncWorld, until } from "./sync-world";

describe.skipIf(!hasTraefik())("delivery to a real gateway", () => {
  let sync: SyncWorld;
  let upstream: Upstream;
  let traefik: RunningTraefik | null = null;

  beforeEach(async () => {
    sync = await openSyncWorld();
    upstream = await startUpstream("wiki");
  });
  afterEach(async () => {
    await sync.close();
    await traefik?.stop();
    await upstream.close();
    traefik = null;
  });

  const start = async () => {
    traefik = await startTraefik({
      folder: sync.places.dynamic,
      config: { file: sync.places.static, address: sync.address, probeAddress: sync.probeAddress },
    });
    return traefik;
  };
  const enforced = (applicationId: string) =>
    until(
      () => sync.state(applicationId),
      (state) => state !== null && state.unproven === null && state.proven_revision === state.revision,
    );

  it("an application with a credential is delivered, loaded and proven (DK-1)", async () => {
    const reconciler = sync.reconciler();
    reconciler.start();
    expect(await reconciler.ready).toEqual({ leads: true, why: null });
    const gateway = await start();
    const secret = password();
    const begun = performance.now();
    const { applicationId } = await sync.given.application({
      route: { host: "wiki.localhost", upstreams: [{ url: upstream.url }] },
      credential: { username: "ada", password: secret },
    });
    const state = await enforced(applicationId);
    process.stderr.write(`enforced after ${Math.round(performance.now() - begun)} ms\n`);
    expect(state).toMatchObject({ intended: "protected", form: "stated" });
    expect(state?.proof).toMatchObject([{ request: "HEAD wiki.localhost/", status: 401, proven: true }]);
    expect((await gateway.request({ host: "wiki.localhost" })).status).toBe(401);
    expect((await gateway.request({ host: "wiki.localhost", user: `ada:${secret}` })).status).toBe(200);
    expect(upstream.seen.every(({ headers }) => headers.authorization === undefined)).toBe(true);
    expect(await sync.pending()).toBe(0);
  });
});
