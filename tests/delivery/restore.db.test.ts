import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { applications } from "#drizzle/applications";
import { auditEntries } from "#drizzle/audit";
import { routes } from "#drizzle/routes";
import { adoptGatewayFolder } from "#src/delivery/leader/adopt-gateway-folder";
import { changeRows } from "../support/rows/delivery";
import { readRows } from "../support/rows/table";
import { openSyncWorld, password, type SyncWorld, until } from "./sync-world";

let sync: SyncWorld;

beforeEach(async () => {
  sync = await openSyncWorld();
});
afterEach(async () => {
  for (const table of [...copied, "gateways"]) await sync.world.db.asOwner(`drop table if exists old_${table}`);
  await sync.close();
});

const copied = ["applications", "security", "routes", "changes", "application_states", "deliveries"];

/** The backed-up rows of the gateway and its applications; `restore` writes them back. */
async function backUp() {
  const { asOwner } = sync.world.db;
  for (const table of [...copied, "gateways"]) await asOwner(`create table old_${table} as select * from ${table}`);
  return async () => {
    for (const table of [...copied].reverse()) await asOwner(`delete from ${table}`);
    for (const table of copied) {
      await asOwner(`insert into ${table} overriding system value select * from old_${table}`);
    }
    await asOwner(
      `update gateways g set (revision, digest, epoch, loaded_revision, lease_term, lease_holder, lease_until)
         = (o.revision, o.digest, o.epoch, o.loaded_revision, o.lease_term, o.lease_holder, o.lease_until)
       from old_gateways o where o.gateway_id = g.gateway_id`,
    );
  };
}

const publicApplication = (host: string, port: number) =>
  sync.given.application({
    access: "public-when-empty",
    route: { host, upstreams: [{ url: `http://127.0.0.1:${port}` }] },
  });
const protect = (applicationId: string) =>
  sync.given.ok("security.create", { applicationId, username: "ada", password: password() });
const delivered = () =>
  until(
    () => sync.pending(),
    (pending) => pending === 0,
  );
const openedBy = async (applicationId: string) => {
  const [row] = await readRows(sync.world.db.owner, applications, { applicationId }, ["openedBy"]);
  return row?.openedBy;
};
const entries = () =>
  readRows(sync.world.db.owner, auditEntries, { action: "applications.update.closed_by_restore" }, [
    "objectId",
    "actorKind",
    "organizationId",
    "changed",
  ]);
/** Checks whether the file lets any visitor reach the upstream without a password. */
const isOpen = (applicationId: string) => {
  const file = sync.file(applicationId);
  return file?.includes("loadBalancer") === true && !file.includes("basicAuth");
};
async function started() {
  const reconciler = sync.reconciler();
  reconciler.start();
  await reconciler.ready;
  return reconciler;
}
const adopt = () => {
  const { random, database } = sync.world.runtime;
  return adoptGatewayFolder(database, { gatewayId: sync.gatewayId }, sync.paths, { random, now: new Date() });
};

describe("a database that was restored from an older copy", () => {
  it("a restored database opens nothing that was protected since the copy, and reports it", async () => {
    const first = await started();
    const { applicationId } = await publicApplication("wiki.localhost", 9000);
    const still = await publicApplication("open.localhost", 9001);
    await delivered();
    expect(isOpen(applicationId)).toBe(true);
    const restore = await backUp();
    await protect(applicationId);
    await delivered();
    expect(isOpen(applicationId)).toBe(false);
    await first.stop();
    await restore();

    await started();
    await delivered();
    expect(isOpen(applicationId)).toBe(false);
    expect(sync.file(applicationId)).not.toContain("loadBalancer");
    expect(await openedBy(applicationId)).toBeNull();
    const exposure = await sync.given.ok("applications.one", { applicationId });
    expect(exposure).toMatchObject({ exposure: { intended: "closed" } });
    expect(await entries()).toEqual([
      {
        objectId: applicationId,
        actorKind: "system",
        organizationId: sync.organization.organizationId,
        changed: { openedBy: null },
      },
    ]);
    const line =
      sync.world
        .log()
        .split("\n")
        .find((one) => one.includes("a restore closed these applications")) ?? "";
    expect(line).toContain(applicationId);
    expect(line).not.toContain(still.applicationId);
    // What the gateway already serves to everyone is as intended.
    expect(isOpen(still.applicationId)).toBe(true);
    expect(await openedBy(still.applicationId)).toBe("create");
  });

  it("a restored database opens nothing, even if the restore happens while a process leads", async () => {
    await started();
    const { applicationId } = await publicApplication("wiki.localhost", 9000);
    await delivered();
    const restore = await backUp();
    await protect(applicationId);
    await delivered();
    const { epoch } = await sync.gateway();
    await restore();
    // This requests a delivery, like a change that the copy held as pending.
    await changeRows.insert(sync.world.db.owner, {
      changeId: "chg_x",
      organizationId: sync.organization.organizationId,
      gatewayId: sync.gatewayId,
      applicationId,
    });
    const opened = new Set<boolean>();
    await until(async () => {
      opened.add(isOpen(applicationId));
      return (await sync.pending()) === 0 && (await sync.gateway()).epoch !== epoch;
    }, Boolean);
    expect([...opened, isOpen(applicationId)]).toEqual([false, false]);
    expect(await openedBy(applicationId)).toBeNull();
  });

  it("a restored database opens no application without a file in the folder", async () => {
    const first = await started();
    const { applicationId } = await publicApplication("wiki.localhost", 9000);
    await delivered();
    const restore = await backUp();
    await sync.given.ok("applications.delete", { applicationId });
    await delivered();
    expect(sync.file(applicationId)).toBeNull();
    await first.stop();
    await restore();

    await started();
    await delivered();
    await until(
      () => sync.file(applicationId),
      (file) => file !== null,
    );
    expect(isOpen(applicationId)).toBe(false);
    expect(await openedBy(applicationId)).toBeNull();
  });

  it("a restored database opens no other place of an application than the one that is open", async () => {
    const first = await started();
    const { applicationId } = await publicApplication("wiki.localhost", 9000);
    await delivered();
    const restore = await backUp();
    const [route] = await readRows(sync.world.db.owner, routes, {}, ["routeId"]);
    await sync.given.ok("routes.update", { routeId: route?.routeId, upstreams: [{ url: "http://127.0.0.1:9005" }] });
    await delivered();
    await first.stop();
    await restore();
    await started();
    await delivered();
    expect(isOpen(applicationId)).toBe(false);
  });

  it("a restored database opens nothing when its folder is adopted explicitly", async () => {
    const first = await started();
    const { applicationId } = await publicApplication("wiki.localhost", 9000);
    const still = await publicApplication("open.localhost", 9001);
    await delivered();
    const restore = await backUp();
    await protect(applicationId);
    await delivered();
    await first.stop();
    await restore();

    await adopt();
    await started();
    await delivered();
    expect(await openedBy(applicationId)).toBeNull();
    expect(await openedBy(still.applicationId)).toBe("create");
    expect(isOpen(applicationId)).toBe(false);
    expect(isOpen(still.applicationId)).toBe(true);
    expect(await entries()).toHaveLength(1);
  });

  it("a restored database opens nothing when the adopted folder is empty, because it is unknown what was protected", async () => {
    const first = await started();
    const { applicationId } = await publicApplication("wiki.localhost", 9000);
    await delivered();
    await first.stop();
    rmSync(sync.folder, { recursive: true });
    await adopt();
    await started();
    await until(
      () => sync.file(applicationId),
      (file) => file !== null,
    );
    expect(isOpen(applicationId)).toBe(false);
    expect(readFileSync(join(sync.paths.applications, `${applicationId}.yml`), "utf8")).not.toContain("loadBalancer");
  });

  it("a restored database does not reopen an application that was closed by hand since the copy", async () => {
    const first = await started();
    const protectedAt = async (host: string, port: number) =>
      sync.given.application({
        route: { host, upstreams: [{ url: `http://127.0.0.1:${port}` }] },
        credential: { username: "ada", password: password() },
      });
    const { applicationId } = await protectedAt("wiki.localhost", 9000);
    const still = await protectedAt("open.localhost", 9001);
    await delivered();
    const restore = await backUp();
    await sync.given.ok("applications.close", { applicationId, reason: "The password of ada has leaked." });
    await delivered();
    expect(sync.file(applicationId)).not.toContain("loadBalancer");
    await first.stop();
    await restore();

    await started();
    await delivered();
    expect(sync.file(applicationId)).not.toContain("loadBalancer");
    expect(sync.file(still.applicationId)).toContain("loadBalancer");
    expect(await sync.given.ok("applications.one", { applicationId })).toMatchObject({
      closed: { reason: expect.stringContaining("restored"), by: { kind: "system", id: null, name: null } },
      exposure: { intended: "closed" },
    });
    expect(await sync.given.ok("applications.one", { applicationId: still.applicationId })).toMatchObject({
      closed: null,
    });
    expect(await entries()).toMatchObject([{ objectId: applicationId, actorKind: "system" }]);

    await sync.given.ok("applications.reopen", { applicationId, reason: "ada has another password." });
    await delivered();
    expect(sync.file(applicationId)).toContain("basicAuth");
  });

  it("a restored database keeps an application closed that was closed in the copy and reopened since", async () => {
    const first = await started();
    const { applicationId } = await publicApplication("wiki.localhost", 9000);
    await sync.given.ok("applications.close", { applicationId, reason: "Maintenance." });
    await delivered();
    const restore = await backUp();
    await sync.given.ok("applications.reopen", { applicationId, reason: "Done." });
    await delivered();
    expect(isOpen(applicationId)).toBe(true);
    await first.stop();
    await restore();
    await started();
    await delivered();
    await until(
      () => isOpen(applicationId),
      (open) => !open,
    );
    expect(await sync.given.ok("applications.one", { applicationId })).toMatchObject({
      closed: { reason: "Maintenance." },
    });
  });

  it("an application that a restore closed can be opened again by an explicit act", async () => {
    const first = await started();
    const { applicationId } = await publicApplication("wiki.localhost", 9000);
    await delivered();
    const restore = await backUp();
    await protect(applicationId);
    await delivered();
    await first.stop();
    await restore();
    await started();
    await delivered();
    await sync.given.ok("applications.update", { applicationId, access: "protected" });
    const opening = { applicationId, access: "public-when-empty" };
    const { digest } = await sync.given.ok<{ digest: string }>("applications.preview", opening);
    await sync.given.ok("applications.update", { ...opening, confirm: digest });
    await delivered();
    expect(isOpen(applicationId)).toBe(true);
  });
});
