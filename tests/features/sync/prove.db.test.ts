import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FakeGateway, startFakeGateway } from "#tests/delivery/fake-gateway";
import { openSyncWorld, password, type SyncWorld, until } from "#tests/delivery/sync-world";
import { given as givenIn, openWorld, type World } from "#tests/support/world";

interface Proofs {
  readonly gatewayId: string;
  readonly revision: number | null;
  readonly provenRevision: number;
  readonly provedAt: string | null;
  readonly unproven: string | null;
  readonly items: { request: string; status: number | null; proven: boolean; why: string | null; at: string }[];
}

describe("sync.prove", () => {
  let world: World;
  const asked: string[][] = [];
  beforeAll(async () => {
    world = await openWorld({ prove: (...about) => void asked.push(about) });
  });
  afterAll(() => world.close());

  test("asks the leader of the gateway, and returns at once", async () => {
    const acme = await world.organization();
    const { applicationId } = await givenIn(acme).application();
    const answer = await givenIn(acme).ok("sync.prove", { applicationId });
    expect(answer).toEqual({ gatewayId: acme.gatewayId, requestedAt: expect.any(String) });
    expect(asked.filter((about) => about.includes(applicationId))).toEqual([[acme.gatewayId, applicationId]]);
  });

  test("asks ten times a minute for each organization, and no other organization notices", async () => {
    const [acme, beta] = [await world.organization(), await world.organization()];
    const { applicationId } = await givenIn(acme).application();
    const statuses: number[] = [];
    for (let call = 0; call < 12; call++) statuses.push((await acme.call("sync.prove", { applicationId })).status);
    expect(statuses).toEqual([...Array(10).fill(200), 429, 429]);
    const theirs = await givenIn(beta).application();
    await givenIn(beta).ok("sync.prove", { applicationId: theirs.applicationId });
    expect((await beta.call("sync.prove", { applicationId })).status).toBe(404);
    expect((await beta.call("proofs.list", { applicationId })).status).toBe(404);
  });
});

describe("proofs.list", () => {
  let sync: SyncWorld;
  let gateway: FakeGateway;
  beforeAll(async () => {
    sync = await openSyncWorld();
    gateway = await startFakeGateway(sync.paths, sync);
  });
  afterAll(async () => {
    await sync.close();
    await gateway.close();
  });

  test("shows each answer of the gateway, and a new one after it was asked for a proven application", async () => {
    const { applicationId } = await sync.given.application({
      route: { host: "wiki.localhost", upstreams: [{ url: "http://127.0.0.1:9000" }] },
      credential: { username: "ada", password: password() },
    });
    const proofs = () => sync.given.ok<Proofs>("proofs.list", { applicationId });
    expect(await proofs()).toEqual({
      gatewayId: sync.gatewayId,
      revision: null,
      provenRevision: 0,
      provedAt: null,
      unproven: null,
      items: [],
    });
    const reconciler = sync.reconciler();
    reconciler.start();
    await reconciler.ready;
    const { revision } = await sync.proven(applicationId);
    const first = await proofs();
    expect(first).toMatchObject({ revision, provenRevision: revision, unproven: null });
    expect(first.items).toMatchObject([{ status: 401, proven: true, why: null }]);

    reconciler.prove(applicationId);
    const second = await until(proofs, ({ items }) => items[0]?.at !== first.items[0]?.at);
    expect(second).toMatchObject({ revision, provenRevision: revision, items: [{ proven: true }] });
  });
});
