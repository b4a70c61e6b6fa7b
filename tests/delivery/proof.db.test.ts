import { readFileSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { gatewayClient } from "#src/delivery/prober/gateway-client";
import { realPace } from "#src/platform/timer";
import { TAG_HEADER } from "#src/traefik/compiler/names";
import { changeRows } from "../support/rows/delivery";
import { type FakeGateway, startFakeGateway } from "./fake-gateway";
import { openSyncWorld, password, type SyncWorld, until } from "./sync-world";

let sync: SyncWorld;
let gateway: FakeGateway | null = null;

beforeEach(async () => {
  sync = await openSyncWorld();
});
afterEach(async () => {
  await sync.close();
  await gateway?.close();
  gateway = null;
});

const serving = async () => {
  gateway = await startFakeGateway(sync.paths, sync);
  return gateway;
};
const started = async (options: Parameters<SyncWorld["reconciler"]>[0] = {}) => {
  const reconciler = sync.reconciler(options);
  reconciler.start();
  await reconciler.ready;
  return reconciler;
};
const application = (input: Record<string, unknown> = {}, host = "wiki.localhost") =>
  sync.given.application({
    access: "protected",
    route: { host, upstreams: [{ url: "http://127.0.0.1:9000" }] },
    credential: { username: "ada", password: password() },
    ...input,
  });
const credentialOf = async (applicationId: string) => {
  const { data } = await sync.organization.call<{ items: { securityId: string }[] }>("security.list", {
    applicationId,
  });
  return data.items[0]?.securityId;
};
const unproven = (applicationId: string, why: string) =>
  until(
    () => sync.state(applicationId),
    (state) => state?.unproven === why,
  );

describe("loaded", () => {
  it("a delivery is loaded only when the gateway itself reports it", async () => {
    const fake = await serving();
    await started();
    const { applicationId } = await application();
    const { revision } = await sync.proven(applicationId);
    fake.freeze();
    await sync.given.ok("security.update", { securityId: await credentialOf(applicationId), password: password() });
    await until(
      () => sync.pending(),
      (pending) => pending === 0,
    );
    const applied = await sync.gateway();
    expect(applied.revision).toBeGreaterThan(revision);
    expect(applied.loadedRevision).toBe(revision);
    expect((await sync.state(applicationId))?.provenRevision).toBe(revision);
    fake.thaw();
    expect((await sync.proven(applicationId)).revision).toBe(applied.revision);
  });

  it("a delivery is not loaded if a marker has the newest number and another digest (DK-3)", async () => {
    let jumped = 0;
    const fake = await serving();
    await started({ pace: { ...realPace, now: () => performance.now() + jumped } });
    const { applicationId } = await application();
    const { revision } = await sync.proven(applicationId);
    fake.freeze();
    await sync.given.ok("security.update", { securityId: await credentialOf(applicationId), password: password() });
    await until(
      () => sync.pending(),
      (pending) => pending === 0,
    );
    const marker = readFileSync(sync.paths.marker, "utf8");
    const applied = (await sync.gateway()).revision;
    writeFileSync(sync.paths.marker, marker.replace(new RegExp(`(\\.${applied}\\.)[a-z2-7]+`), "$1another"));
    fake.freeze();
    await until(
      () => {
        jumped += 1_000;
        return sync.state(applicationId);
      },
      (state) => state?.unproven === "gateway_does_not_load",
    );
    expect((await sync.gateway()).loadedRevision).toBe(revision);
    writeFileSync(sync.paths.marker, marker);
    fake.thaw();
    expect((await sync.proven(applicationId)).revision).toBe(applied);
  });

  it("waiting for a gateway that is down uses no processor time, even if a round of proofs is overdue", async () => {
    let jumped = 0;
    let naps = 0;
    const sleep: typeof realPace.sleep = (...given) => {
      naps++;
      return realPace.sleep(...given);
    };
    await started({ pace: { ...realPace, now: () => performance.now() + jumped, sleep } });
    await until(
      async () => sync.world.log(),
      (log) => log.includes("gateway_does_not_answer"),
    );
    jumped = 120_000; // the duration of two rounds
    await new Promise((resolve) => setTimeout(resolve, 1_100)); // pending sleeps have ended
    naps = 0;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(naps).toBeLessThan(50); // a loop without a pause makes thousands
  });

  it("the load time excludes the time while the gateway is down, so the next delivery after its start goes out at once", async () => {
    let jumped = 0;
    const pace = { ...realPace, now: () => performance.now() + jumped };
    await started({ pace });
    await until(
      async () => sync.world.log(),
      (log) => log.includes("gateway_does_not_answer"),
    );
    jumped = 9_000; // counted as load time, this would delay the next delivery by 27 s
    await serving();
    await until(
      () => sync.gateway(),
      ({ revision, loadedRevision }) => revision > 0 && loadedRevision === revision,
    );
    const before = performance.now();
    await sync.proven((await application()).applicationId);
    expect(performance.now() - before).toBeLessThan(20_000);
  });

  it("a delivery is not loaded while the gateway does not answer, and its applications give that reason", async () => {
    await started();
    const { applicationId } = await application();
    const state = await unproven(applicationId, "gateway_does_not_answer");
    expect(state).toMatchObject({ provenRevision: 0 });
    expect((await sync.gateway()).loadedRevision).toBe(0);
    await serving();
    await sync.proven(applicationId);
  });

  it("the loaded revision goes back when the gateway serves an older delivery again", async () => {
    const fake = await serving();
    await started();
    const { applicationId } = await application();
    await sync.proven(applicationId);
    const serveOld = fake.freeze();
    fake.thaw();
    const old = (await sync.gateway()).loadedRevision;
    await sync.given.credential(applicationId, "bob");
    const { revision } = await sync.proven(applicationId);
    expect(revision).toBeGreaterThan(old);
    serveOld();
    await unproven(applicationId, "gateway_went_back");
    // The served delivery may be newer than the one recorded at the freeze, and is older than the one proven since.
    await until(
      () => sync.gateway(),
      ({ loadedRevision }) => loadedRevision < revision,
    );
    expect((await sync.state(applicationId))?.provenRevision).toBe(0);
    fake.thaw();
    await sync.proven(applicationId);
  });
});

describe("enforced", () => {
  it("an application is not enforced while an anonymous visitor passes, and is probed until the visitor is stopped (DK-1)", async () => {
    const fake = await serving();
    fake.answer = (_, headers) => ({ status: 200, headers: { ...headers, "X-Portcullis-Pass": "x" } });
    await started();
    const { applicationId } = await application();
    const state = await unproven(applicationId, "status");
    expect(state?.provenRevision).toBe(0);
    expect(state?.proof).toMatchObject([{ status: 200, proven: false }]);
    fake.answer = null;
    expect((await sync.proven(applicationId)).proof).toMatchObject([{ status: 401, proven: true, why: null }]);
  });

  it("an application is not enforced if the answer has no tag, or the tag of another compile", async () => {
    const fake = await serving();
    fake.answer = () => ({ status: 401, headers: {} });
    await started();
    const { applicationId } = await application();
    expect(await unproven(applicationId, "not_our_router")).toMatchObject({ provenRevision: 0 });
    fake.answer = () => ({ status: 401, headers: { "X-Portcullis-Tag": "aaaabbbbccccdddd" } });
    expect(await unproven(applicationId, "other_compile")).toMatchObject({ provenRevision: 0 });
  });

  it("the worst of several routes counts, and wildcards are probed with a separate name", async () => {
    const fake = await serving();
    await started();
    const { applicationId } = await application();
    await sync.given.ok("routes.create", {
      applicationId,
      host: "*.apps.localhost",
      upstreams: [{ url: "http://127.0.0.1:9000" }],
    });
    const state = await unproven(applicationId, "not_our_router"); // the fake gateway does not support wildcards
    expect(state?.proof).toHaveLength(2);
    expect(fake.asked.some((host) => /^p[0-9a-f]{16}\.apps\.localhost$/.test(host))).toBe(true);
  });

  it("a public application is enforced when a visitor passes", async () => {
    await serving();
    await started();
    const { applicationId } = await application({ access: "public-when-empty", credential: undefined });
    expect(await sync.proven(applicationId)).toMatchObject({
      intended: "public",
      proof: [{ status: 200, proven: true }],
    });
  });

  it("a removed route is enforced when the deny of its host answers", async () => {
    const fake = await serving();
    await started();
    const { applicationId } = await application();
    await sync.proven(applicationId);
    const { data } = await sync.organization.call<{ items: { routeId: string }[] }>("routes.list", { applicationId });
    fake.answer = () => ({ status: 404, headers: {} });
    await sync.given.ok("routes.delete", { routeId: data.items[0]?.routeId });
    await unproven(applicationId, "not_denied");
    fake.answer = () => ({ status: 401, headers: { [TAG_HEADER]: "aaaaaaaaaaaaaaaa" } }); // a tag in our format that belongs to no present file
    await unproven(applicationId, "still_there");
    fake.answer = null;
    const state = await sync.proven(applicationId);
    expect(state).toMatchObject({
      digest: null,
      proof: [{ request: "HEAD wiki.localhost/", status: 403, proven: true }],
    });
  });

  it("a deleted application is proven too, and its row records the removal", async () => {
    await serving();
    await started();
    const { applicationId } = await application();
    await sync.proven(applicationId);
    await sync.given.ok("applications.delete", { applicationId });
    expect(await sync.proven(applicationId)).toMatchObject({ removed: true, digest: null, proof: [{ status: 403 }] });
    expect(sync.file(applicationId)).toBeNull();
  });

  it("an application that never had a route is enforced without an answer", async () => {
    await serving();
    await started();
    const { applicationId } = await application({ route: undefined });
    await changeRows.insert(sync.world.db.owner, {
      changeId: "chg_1",
      organizationId: sync.organization.organizationId,
      applicationId,
      gatewayId: sync.gatewayId,
    });
    expect(await sync.proven(applicationId)).toMatchObject({ intended: "protected", proof: [] });
  });

  it("a proven application is probed again periodically, and its loss of protection is reported and logged", async () => {
    const fake = await serving();
    await started({ timing: { proofRoundMs: 50 } });
    const { applicationId } = await application();
    await sync.proven(applicationId);
    fake.answer = () => ({ status: 200, headers: {} });
    const state = await unproven(applicationId, "let_in_by_foreign_router");
    expect(state?.provenRevision).toBeLessThan(state?.revision ?? 0);
    expect(sync.world.log()).toContain("no longer enforces what it enforced before");
    fake.answer = null;
    await sync.proven(applicationId);
  });

  it("a proof survives a gateway that briefly answers with too many requests (DK-3)", async () => {
    const fake = await serving();
    await started({ timing: { proofRoundMs: 50 } });
    const { applicationId } = await application();
    const { revision } = await sync.proven(applicationId);
    fake.answer = () => ({ status: 429 });
    const asked = fake.asked.length;
    await until(
      () => fake.asked.length,
      (length) => length > asked + 1,
    );
    expect(await sync.state(applicationId)).toMatchObject({ revision, provenRevision: revision, unproven: null });
  });

  it("an application of a loopback gateway that is reachable only from 127.0.0.1 is loaded, and not enforced", async () => {
    const fake = await serving();
    const nowhere = () => gatewayClient({ timeoutMs: 5_000, connections: 32, visitFrom: "192.0.2.1" });
    await started({ client: nowhere });
    const { applicationId } = await application();
    const state = await unproven(applicationId, "not_provable_from_here");
    expect(state).toMatchObject({ provenRevision: 0, proof: [{ status: null, proven: false }] });
    expect((await sync.gateway()).loadedRevision).toBe(state?.revision);
    expect(fake.asked).toEqual([]);
  });

  it("a proof expires after half an hour without a probe, and the application is probed as soon as a process leads", async () => {
    await serving();
    const reconciler = await started();
    const { applicationId } = await application();
    await sync.proven(applicationId);
    await reconciler.stop();
    const exposure = async () =>
      (await sync.given.ok<{ exposure: unknown }>("applications.one", { applicationId })).exposure;
    const minutesLater = (minutes: number) => new Date(Date.now() + minutes * 60_000);
    sync.world.now = minutesLater(29);
    expect(await exposure()).toMatchObject({ state: "protected", provedAt: expect.any(String) });
    sync.world.now = minutesLater(31);
    expect(await exposure()).toEqual({
      state: "unknown",
      intended: "protected",
      provedAt: null,
      reason: "proof_is_old",
    });
    await started();
    await expect.poll(exposure).toMatchObject({ state: "protected", provedAt: sync.world.now.toISOString() });
  });

  it("an enforced delivery is proven after a restart, whichever process delivered it", async () => {
    const first = await started();
    const { applicationId } = await application();
    await until(
      () => sync.pending(),
      (pending) => pending === 0,
    );
    await first.stop();
    expect(await sync.state(applicationId)).toMatchObject({ provenRevision: 0 });
    await serving();
    await started();
    expect(await sync.proven(applicationId)).toMatchObject({ proof: [{ status: 401, proven: true }] });
  });
});

/** The simulated load time of the gateway, in ms. Three times as long must be measurable on a busy machine. */
const loadMs = 1_000;

describe("markers", () => {
  it("markers are as far apart as the gateway needs, and a closing change does not wait like one that only opens", async () => {
    const fake = await serving();
    const marks: number[] = [];
    await started({
      faultPoint: (point) => {
        if (point === "marked") marks.push(performance.now());
      },
    });
    const { applicationId } = await application();
    await sync.proven(applicationId);
    // The gateway takes this long to load one delivery.
    fake.freeze();
    const { securityId } = await sync.given.credential(applicationId, "bob");
    const count = marks.length;
    await until(
      () => marks.length,
      (length) => length > count,
    );
    await until(
      () => performance.now() - (marks.at(-1) ?? 0),
      (passed) => passed > loadMs,
    );
    fake.thaw();
    await sync.proven(applicationId);
    const measured = marks.at(-1) ?? 0;

    await sync.given.credential(applicationId, "carol");
    await sync.proven(applicationId);
    const opened = marks.at(-1) ?? 0;
    expect(opened - measured).toBeGreaterThan(3 * loadMs - 5);
    await sync.given.ok("security.delete", { securityId });
    await sync.proven(applicationId);
    expect((marks.at(-1) ?? 0) - opened).toBeLessThan(3 * loadMs);
    expect((marks.at(-1) ?? 0) - opened).toBeGreaterThan(195);
  });

  it("the marker of a closing change waits for one load time, where one that only opens would wait for three (DK-5)", async () => {
    const fake = await serving();
    const marks: number[] = [];
    await started({
      faultPoint: (point) => {
        if (point === "marked") marks.push(performance.now());
      },
    });
    const { applicationId } = await application();
    await sync.proven(applicationId);
    fake.freeze();
    const count = marks.length;
    const { securityId } = await sync.given.credential(applicationId, "bob");
    await until(
      () => performance.now() - (marks.at(-1) ?? 0),
      (passed) => marks.length > count && passed > loadMs,
    );
    fake.thaw();
    await sync.proven(applicationId);
    const measured = marks.at(-1) ?? 0;
    await sync.given.ok("security.delete", { securityId });
    await sync.proven(applicationId);
    const waited = (marks.at(-1) ?? 0) - measured;
    expect(waited).toBeGreaterThan(loadMs);
    expect(waited).toBeLessThan(3 * loadMs);
  });

  it("slow recording of a delivery does not delay markers, because the load time is measured during it", async () => {
    await serving();
    let jumped = 0;
    let asks = 0;
    let isHeldNext = false;
    let recording: Promise<void> | null = null;
    let record: () => void = () => undefined;
    const { database } = sync.world.runtime;
    const client = gatewayClient();
    await started({
      pace: { ...realPace, now: () => performance.now() + jumped },
      database: {
        ...database,
        transaction: async (role, organizationId, body) => {
          if (role === "sync") await recording;
          return database.transaction(role, organizationId, body);
        },
        batch: async (role, organizationId, statements, body) => {
          if (role === "sync") await recording;
          return database.batch(role, organizationId, statements, body);
        },
      },
      client: () => ({
        ...client,
        request: (...asked) => {
          asks++;
          return client.request(...asked);
        },
      }),
      faultPoint: (point) => {
        if (point !== "flushed" || !isHeldNext) return;
        isHeldNext = false;
        recording = new Promise((resolve) => {
          record = resolve;
        });
      },
    });
    const { applicationId } = await application();
    await sync.proven(applicationId);

    isHeldNext = true;
    await sync.given.credential(applicationId, "bob");
    await until(
      () => recording !== null,
      (isHeld) => isHeld,
    );
    const asked = asks;
    await until(
      () => asks,
      (count) => count > asked + 1,
    );
    jumped += 60_000; // counted as load time, this would delay the next opening change by half a minute
    recording = null;
    record();
    await sync.proven(applicationId);
    const began = performance.now();
    await sync.given.credential(applicationId, "carol");
    await sync.proven(applicationId);
    expect(performance.now() - began).toBeLessThan(15_000);
  });
});
