import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { routes } from "#drizzle/routes";
import { applicationStates } from "#drizzle/sync";
import { deleteRows, updateRows } from "../support/rows/table";
import { openSyncWorld, password, type SyncWorld, until } from "./sync-world";

let sync: SyncWorld;

beforeEach(async () => {
  sync = await openSyncWorld();
});
afterEach(() => sync.close());

const application = (host = "wiki.localhost", port = 9000) =>
  sync.given.application({
    access: "protected",
    route: { host, upstreams: [{ url: `http://127.0.0.1:${port}` }] },
    credential: { username: "ada", password: password() },
  });
const delivered = () =>
  until(
    () => sync.pending(),
    (pending) => pending === 0,
  );
const started = async () => {
  const reconciler = sync.reconciler();
  reconciler.start();
  await reconciler.ready;
  return reconciler;
};

describe("a part of the folder that is removed while the leader runs", () => {
  it("a leader recreates the removed folder of applications, and writes all their files again", async () => {
    await started();
    const { applicationId } = await application();
    await delivered();
    const before = sync.file(applicationId);
    rmSync(sync.paths.applications, { recursive: true });
    await application("other.localhost", 9001);
    await delivered();
    await until(
      () => sync.file(applicationId),
      (file) => file === before,
    );
    expect(readFileSync(join(sync.paths.applications, "0-shared.yml"), "utf8")).toContain("guard");
  });

  it("a leader recreates the removed staging folder in a new term", async () => {
    await started();
    await delivered();
    const { leaseTerm } = await sync.gateway();
    rmSync(sync.paths.staging, { recursive: true });
    const { applicationId } = await application();
    await delivered();
    expect(sync.file(applicationId)).not.toBeNull();
    expect(await sync.gateway()).toMatchObject({ cause: null });
    expect((await sync.gateway()).leaseTerm).toBeGreaterThan(leaseTerm);
  });
});

describe("an application whose rows have an unexpected form", () => {
  it.each(["{}", "[null]", '[{"url":["http://127.0.0.1:9000"]}]', '[{"url":5}]'])(
    "a delivery closes an application with upstreams of %s, and continues to deliver the others",
    async (upstreams) => {
      const poisoned = await application();
      const { db } = sync.world;
      const { applicationId: id } = poisoned;
      await updateRows(db.owner, routes, { applicationId: id }, { upstreams: sql`${upstreams}::jsonb` });
      const { applicationId } = await application("other.localhost", 9001);
      await started();
      await delivered();
      expect(sync.file(applicationId)).toContain("other.localhost");
      expect(await sync.state(poisoned.applicationId)).toMatchObject({ form: "closed" });
      expect(sync.file(poisoned.applicationId) ?? "").not.toContain("127.0.0.1:9000");
    },
  );
});

describe("an old file from a copy of the folder", () => {
  it("a leader writes the marker again if an older one was restored", async () => {
    const first = await started();
    const { applicationId } = await application();
    await delivered();
    const older = readFileSync(sync.paths.marker, "utf8");
    await sync.given.credential(applicationId, "bob");
    await delivered();
    await first.stop();
    writeFileSync(sync.paths.marker, older);
    const { revision } = await sync.gateway();
    await started();
    const written = () => Number(/\.(\d+)\./.exec(readFileSync(sync.paths.marker, "utf8"))?.[1]);
    await expect.poll(written).toBeGreaterThan(revision);
  });

  it("a leader removes the restored file of a forgotten application, because its tag proves that it is an own file", async () => {
    const first = await started();
    const { applicationId } = await application();
    await delivered();
    const text = sync.file(applicationId) ?? "";
    await sync.given.ok("applications.delete", { applicationId });
    await delivered();
    await first.stop();
    await deleteRows(sync.world.db.owner, applicationStates); // as after 30 days
    const path = join(sync.paths.applications, `${applicationId}.yml`);
    writeFileSync(path, text);
    await started();
    await expect.poll(() => sync.file(applicationId)).toBeNull();
  });

  it("a leader reports and keeps a restored file that was changed, because it is not an own file", async () => {
    const first = await started();
    const { applicationId } = await application();
    await delivered();
    const text = (sync.file(applicationId) ?? "").replace("127.0.0.1:9000", "127.0.0.1:9009");
    await sync.given.ok("applications.delete", { applicationId });
    await delivered();
    await first.stop();
    await deleteRows(sync.world.db.owner, applicationStates);
    writeFileSync(join(sync.paths.applications, `${applicationId}.yml`), text);
    const { comparedAt } = await sync.gateway();
    await started();
    const { foreignFiles } = await until(
      () => sync.gateway(),
      (row) => row.comparedAt !== null && (comparedAt === null || row.comparedAt > comparedAt),
    );
    expect(foreignFiles.map(({ problem }) => problem)).toContain("named_like_ours");
    expect(sync.file(applicationId)).toBe(text);
  });

  it("a leader reports and keeps a foreign deny file that names one of our organizations (TM-53)", async () => {
    const first = await started();
    await first.stop();
    const name = `0-deny-${sync.organization.organizationId}-7.yml`;
    const path = join(sync.paths.applications, name);
    writeFileSync(path, "{}");
    const { comparedAt } = await sync.gateway();
    await started();
    const { foreignFiles } = await until(
      () => sync.gateway(),
      (row) => row.comparedAt !== null && (comparedAt === null || row.comparedAt > comparedAt),
    );
    expect(foreignFiles).toContainEqual(expect.objectContaining({ problem: "named_like_ours", detail: name }));
    expect(readFileSync(path, "utf8")).toBe("{}");
  });
});
