import { afterEach, beforeEach, expect, it } from "vitest";
import { deliveryKey } from "#src/delivery/planner/gateway-secrets";
import type { GatewayConnection } from "#src/delivery/protocol/gateway-connection";
import type { Turn } from "#src/delivery/protocol/target";
import { type FakeGateway, startFakeGateway } from "../fake-gateway";
import { openSyncWorld, password, type SyncWorld, until } from "../sync-world";
import { type AgentChild, startAgent } from "./agent-child";

let sync: SyncWorld;
let gateway: FakeGateway;
let agents: AgentChild[];
/** Called for each delivery that is staged and not applied yet. */
let onStaged: (agent: AgentChild) => Promise<void>;

beforeEach(async () => {
  sync = await openSyncWorld();
  gateway = await startFakeGateway(sync.paths, sync);
  agents = [];
  onStaged = async () => undefined;
});
afterEach(async () => {
  await sync.close();
  for (const agent of agents) await agent.stop();
  await gateway.close();
});

/** The running agent, or a new one if the last one has ended. */
async function connect(): Promise<GatewayConnection> {
  const last = agents.at(-1);
  const isGone = last === undefined || (await Promise.race([last.peer.closed, null])) !== null;
  if (!isGone) return watched(last);
  const key = deliveryKey(sync.world.runtime.signer, sync.gatewayId);
  const agent = startAgent({ gatewayId: sync.gatewayId, folder: sync.folder, key });
  agents.push(agent);
  return watched(agent);
}

function watched(agent: AgentChild): GatewayConnection {
  const { applier } = agent.connection;
  return {
    ...agent.connection,
    applier: {
      ...applier,
      async begin(term) {
        const target = await applier.begin(term);
        const staged = async ({ ready }: Turn) => {
          await onStaged(agent);
          await ready?.();
        };
        return {
          ...target,
          apply: (files, bundle, turn = {}) => target.apply(files, bundle, { ...turn, ready: () => staged(turn) }),
        };
      },
    },
  };
}

async function leading() {
  const reconciler = sync.reconciler({ connect });
  reconciler.start();
  expect(await reconciler.ready).toEqual({ leads: true, why: null });
  return reconciler;
}

const protectedApplication = () =>
  sync.given.application({
    access: "protected",
    route: { host: "wiki.localhost", upstreams: [{ url: "http://127.0.0.1:9000" }] },
    credential: { username: "ada", password: password() },
  });

it("delivers, loads and proves through an agent in a separate process (DK-1, DK-3)", async () => {
  await leading();
  const { applicationId } = await protectedApplication();
  const state = await sync.proven(applicationId);
  expect(state).toMatchObject({ intended: "protected", form: "stated", proof: [{ status: 401, proven: true }] });
  expect((await sync.gateway()).loadedRevision).toBe(state.revision);
  expect(sync.file(applicationId)).toContain("ada:");
  await sync.given.ok("applications.delete", { applicationId });
  expect(await sync.proven(applicationId)).toMatchObject({ removed: true, proof: [{ status: 403, proven: true }] });
  expect(sync.file(applicationId)).toBeNull();
  expect(agents).toHaveLength(1);
});

it("a killed agent leaves no partial delivery, and a new agent delivers and proves the rest (TM-53)", async () => {
  const reconciler = await leading();
  const { applicationId } = await protectedApplication();
  const before = await sync.proven(applicationId);
  const text = sync.file(applicationId);
  let seen: string | null = null;
  onStaged = async (agent) => {
    onStaged = async () => undefined;
    agent.kill("SIGKILL");
    await agent.ended;
    seen = sync.file(applicationId);
  };
  await sync.given.credential(applicationId, "bob");
  const after = await sync.proven(applicationId);
  expect(after.revision).toBeGreaterThan(before.revision);
  expect(seen).toBe(text);
  expect(sync.file(applicationId)).toContain("bob:");
  expect(agents).toHaveLength(2);
  await until(
    () => reconciler.status(),
    ({ leads }) => leads === true,
  );
});

it("a changed file and a foreign file are also found through an agent (TM-53)", async () => {
  await leading();
  const { applicationId } = await protectedApplication();
  await sync.proven(applicationId);
  const text = sync.file(applicationId);
  const { writeFileSync } = await import("node:fs");
  writeFileSync(`${sync.paths.applications}/${applicationId}.yml`, "{}");
  writeFileSync(`${sync.paths.dynamic}/foreign.yml`, "{");
  agents.at(-1)?.kill("SIGKILL");
  await until(
    () => sync.file(applicationId),
    (found) => found === text,
  );
  const { foreignFiles } = await until(
    () => sync.gateway(),
    (row) => row.foreignFiles.length > 0,
  );
  expect(foreignFiles).toMatchObject([{ path: "foreign.yml", problem: "refused" }]);
  await sync.proven(applicationId);
});

it("a gateway that went back to an older delivery is also reported through an agent (DK-3)", async () => {
  await leading();
  const { applicationId } = await protectedApplication();
  await sync.proven(applicationId);
  const serveOld = gateway.freeze();
  gateway.thaw();
  await sync.given.credential(applicationId, "bob");
  const { revision } = await sync.proven(applicationId);
  serveOld();
  await until(
    () => sync.state(applicationId),
    (row) => row !== null && row.provenRevision < revision,
  );
  expect((await sync.state(applicationId))?.unproven).toMatch(/^gateway_/);
});
