import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hasTraefik, type RunningTraefik, startTraefik } from "../support/traefik";
import { startUpstream, type Upstream } from "../support/upstream";
import { openSyncWorld, password, type SyncWorld } from "./sync-world";

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
      folder: sync.paths.dynamic,
      config: { file: sync.paths.static, address: sync.address, probeAddress: sync.probeAddress },
    });
    return traefik;
  };
  it("an application with a credential is delivered, loaded and proven (DK-1)", async () => {
    const reconciler = sync.reconciler();
    reconciler.start();
    expect(await reconciler.ready).toEqual({ leads: true, why: null });
    const gateway = await start();
    const secret = password();
    const { applicationId } = await sync.given.application({
      route: { host: "wiki.localhost", upstreams: [{ url: upstream.url }] },
      credential: { username: "ada", password: secret },
    });
    const state = await sync.proven(applicationId);
    expect(state).toMatchObject({ intended: "protected", form: "stated" });
    expect(state.proof).toMatchObject([{ request: "HEAD wiki.localhost/", status: 401, proven: true }]);
    expect((await gateway.request({ host: "wiki.localhost" })).status).toBe(401);
    expect((await gateway.request({ host: "wiki.localhost", user: `ada:${secret}` })).status).toBe(200);
    expect(upstream.seen.every(({ headers }) => headers.authorization === undefined)).toBe(true);
    expect(await sync.pending()).toBe(0);
  });

  it("proves a changed, added or removed credential only when the gateway enforces it (DK-1, DK-2)", async () => {
    const reconciler = sync.reconciler();
    reconciler.start();
    await reconciler.ready;
    const gateway = await start();
    const { applicationId } = await sync.given.application({
      access: "protected",
      route: { host: "wiki.localhost", upstreams: [{ url: upstream.url }] },
    });
    await sync.proven(applicationId);
    const status = async (user?: string) =>
      (await gateway.request({ host: "wiki.localhost", ...(user ? { user } : {}) })).status;
    expect(await status()).toBe(403);
    const [first, second, third] = [password(), password(), password()];
    const ada = await sync.given.credential(applicationId, "ada", first);
    await sync.proven(applicationId);
    expect([await status(), await status(`ada:${first}`)]).toEqual([401, 200]);
    await sync.given.ok("security.update", { securityId: ada.securityId, password: second });
    await sync.proven(applicationId);
    expect([await status(`ada:${first}`), await status(`ada:${second}`)]).toEqual([401, 200]);
    const bob = await sync.given.credential(applicationId, "bob", third);
    await sync.proven(applicationId);
    expect([await status(`ada:${second}`), await status(`bob:${third}`)]).toEqual([200, 200]);
    await sync.given.ok("security.delete", { securityId: ada.securityId });
    await sync.proven(applicationId);
    expect([await status(`ada:${second}`), await status(`bob:${third}`)]).toEqual([401, 200]);
    await sync.given.ok("security.delete", { securityId: bob.securityId });
    await sync.proven(applicationId);
    expect([await status(), await status(`bob:${third}`)]).toEqual([403, 403]);
    await sync.given.ok("applications.delete", { applicationId });
    expect(await sync.proven(applicationId)).toMatchObject({ removed: true, proof: [{ status: 403, proven: true }] });
    expect(await status()).toBe(403);
  });
});
