import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { changes } from "#drizzle/changes";
import { gateways } from "#drizzle/gateways";
import { claims } from "#drizzle/routes";
import { sweep } from "#src/delivery/leader/sweeper";
import { insertEnvironment } from "../support/environment";
import { claimRows } from "../support/rows/applications";
import { readRows, updateRows } from "../support/rows/table";
import { type GivenOrganization, given } from "../support/world";
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

const started = async () => {
  const reconciler = sync.reconciler();
  reconciler.start();
  await reconciler.ready;
  return reconciler;
};
const delivered = () =>
  until(
    () => sync.pending(),
    (pending) => pending === 0,
  );
const denies = () => readdirSync(sync.paths.applications).filter((name) => name.startsWith("0-deny-"));
const denyText = (organization: GivenOrganization, group = 0) =>
  readFileSync(join(sync.paths.applications, `0-deny-${organization.organizationId}-${group}.yml`), "utf8");
const input = (host: string, port: number) => ({
  access: "protected",
  route: { host, upstreams: [{ url: `http://127.0.0.1:${port}` }] },
  credential: { username: "ada", password: password() },
});
const claimOf = async (host: string) => {
  const rows = await readRows(sync.world.db.owner, claims, { value: host }, ["claimId"]);
  return rows[0]?.claimId;
};

describe("the denies of claimed hosts", () => {
  it("a 101st host opens a second deny file, and leaves the first unchanged", async () => {
    const { organizationId } = sync.organization;
    const claimed = { organizationId, gatewayId: sync.gatewayId, parent: "example.test", denyGroup: 0 };
    await claimRows.insertAll(
      sync.world.db.owner,
      Array.from({ length: 99 }, (_, at) => ({ ...claimed, kind: "host" as const, value: `h${at}.example.test` })),
    );
    await started();
    await sync.given.application(input("hundredth.localhost", 9000));
    await delivered();
    expect(denies()).toEqual([`0-deny-${sync.organization.organizationId}-0.yml`]);
    const first = denyText(sync.organization);
    expect(first.match(/Host\(/g)).toHaveLength(100);

    const { applicationId } = await sync.given.application(input("next.localhost", 9001));
    await sync.proven(applicationId);
    expect(denies()).toHaveLength(2);
    expect(denyText(sync.organization)).toBe(first);
    expect(denyText(sync.organization, 1).match(/Host\(`[^`]*`\)/g)).toEqual(["Host(`next.localhost`)"]);
    await sync.given.ok("applications.delete", { applicationId });
    await delivered();
    expect(denyText(sync.organization, 1)).toContain("next.localhost");
  });

  it("a host that is released and claimed by another organization is answered only by that organization's file", async () => {
    await started();
    const host = "moving.localhost";
    const { applicationId } = await sync.given.application(input(host, 9000));
    await sync.proven(applicationId);
    const beta = await sync.world.organization({ gatewayId: sync.gatewayId, upstreams: "any" });
    const { environmentId } = await insertEnvironment(sync.world, beta);
    const claim = () => given(beta).application({ environmentId, ...input(host, 9001) });
    await expect(claim()).rejects.toThrow("host_taken");
    await sync.given.ok("applications.delete", { applicationId });
    await expect(claim()).rejects.toThrow("host_taken");
    await delivered();
    expect(denyText(sync.organization)).toContain(host);

    await sync.given.ok("claims.release", { claimId: await claimOf(host) });
    const theirs = await claim();
    await sync.proven(theirs.applicationId);
    expect(denies()).toEqual([`0-deny-${beta.organizationId}-0.yml`]);
    expect(sync.file(applicationId)).toBeNull();
    expect(sync.file(theirs.applicationId)).toContain(":9001");
    expect(denyText(beta)).toContain(host);
  });

  it("an application that is deleted and created again in one delivery leaves its host denied, and only the new one exists", async () => {
    const host = "again.localhost";
    const leader = await started();
    const first = await sync.given.application(input(host, 9000));
    await sync.proven(first.applicationId);
    const deny = denyText(sync.organization);
    await leader.stop();
    await sync.given.ok("applications.delete", { applicationId: first.applicationId });
    const second = await sync.given.application(input(host, 9002));
    await started();
    await sync.proven(second.applicationId);
    const of = async (applicationId: string) => {
      const rows = await readRows(sync.world.db.owner, changes, { applicationId }, ["deliveredIn"]);
      return Math.max(...rows.map(({ deliveredIn }) => deliveredIn ?? 0));
    };
    expect(await of(first.applicationId)).toBe(await of(second.applicationId));
    expect(sync.file(first.applicationId)).toBeNull();
    expect(sync.file(second.applicationId)).toContain(":9002");
    expect(denyText(sync.organization)).toBe(deny);
    await until(
      () => sync.state(first.applicationId),
      (row) => row?.removed === true && row.provenRevision === row.revision,
    );
  });

  it("the deny of a deleted organization is removed when its claims end", async () => {
    await started();
    const beta = await sync.world.organization({ gatewayId: sync.gatewayId, upstreams: "any" });
    const { environmentId } = await insertEnvironment(sync.world, beta);
    const { applicationId } = await given(beta).application({ environmentId, ...input("leaving.localhost", 9001) });
    await given(beta).ok("applications.delete", { applicationId });
    await given(beta).ok("organizations.delete", {});
    await delivered();
    expect(denyText(beta)).toContain("leaving.localhost");
    const clock = { now: () => new Date(Date.now() + 31 * 24 * 3_600_000) };
    await sweep({ database: sync.world.runtime.database, clock }, new AbortController().signal);
    await until(denies, (names) => names.length === 0);
  });
});

describe("a gateway without tags", () => {
  it("a gateway without tags never proves anything, and visitors see no header of Portcullis", async () => {
    await updateRows(sync.world.db.owner, gateways, { gatewayId: sync.gatewayId }, { tags: false });
    await started();
    const { applicationId } = await sync.given.application(input("wiki.localhost", 9000));
    const state = await until(
      () => sync.state(applicationId),
      (row) => row?.unproven != null,
    );
    await until(
      () => sync.gateway(),
      ({ loadedRevision }) => loadedRevision >= (state?.revision ?? 0),
    );
    expect(state).toMatchObject({ provenRevision: 0, unproven: "tags_are_off" });
    expect(sync.file(applicationId)).not.toContain("X-Portcullis");
    expect(sync.file(applicationId)).toContain("basicAuth");
    const shown = await sync.given.ok("applications.one", { applicationId });
    expect(shown).toMatchObject({ exposure: { state: "unknown", intended: "protected", reason: "tags_are_off" } });
  });
});
