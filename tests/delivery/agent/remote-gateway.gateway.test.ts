import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { deliveryKey } from "#src/delivery/planner/gateway-secrets";
import { hasTraefik, type RunningTraefik, startTraefik } from "#tests/support/traefik";
import { startUpstream, type Upstream } from "#tests/support/upstream";
import { openSyncWorld, password, type SyncWorld } from "../sync-world";
import { type AgentChild, startAgent } from "./agent-child";

describe.skipIf(!hasTraefik())("an agent in a process of its own, at a real gateway", () => {
  let sync: SyncWorld;
  let upstream: Upstream;
  let traefik: RunningTraefik | null = null;
  let agents: AgentChild[];

  beforeEach(async () => {
    sync = await openSyncWorld();
    upstream = await startUpstream("wiki");
    agents = [];
  });
  afterEach(async () => {
    await sync.close();
    for (const agent of agents) await agent.stop();
    await traefik?.stop();
    await upstream.close();
    traefik = null;
  });

  const connect = async () => {
    const { gatewayId, folder, world } = sync;
    const agent = startAgent({ gatewayId, folder, key: deliveryKey(world.runtime.signer, gatewayId) });
    agents.push(agent);
    return agent.connection;
  };

  it("delivers a protected application, proves that it is enforced, and continues after the agent was killed (DK-1, TM-53)", async () => {
    const reconciler = sync.reconciler({ connect });
    reconciler.start();
    expect(await reconciler.ready).toEqual({ leads: true, why: null });
    traefik = await startTraefik({
      folder: sync.paths.dynamic,
      config: { file: sync.paths.static, address: sync.address, probeAddress: sync.probeAddress },
    });
    const [first, second] = [password(), password()];
    const { applicationId } = await sync.given.application({
      route: { host: "wiki.localhost", upstreams: [{ url: upstream.url }] },
      credential: { username: "ada", password: first },
    });
    const state = await sync.proven(applicationId);
    expect(state.proof).toMatchObject([{ request: "HEAD wiki.localhost/", status: 401, proven: true }]);
    const status = async (user?: string) =>
      (await traefik?.request({ host: "wiki.localhost", ...(user ? { user } : {}) }))?.status;
    expect([await status(), await status(`ada:${first}`)]).toEqual([401, 200]);

    const [agent] = agents;
    agent?.kill("SIGKILL");
    await agent?.ended;
    expect([await status(), await status(`ada:${first}`)]).toEqual([401, 200]);
    await sync.given.credential(applicationId, "bob", second);
    await sync.proven(applicationId);
    expect([await status(), await status(`bob:${second}`)]).toEqual([401, 200]);
    expect(agents.length).toBeGreaterThan(1);
  });
});
