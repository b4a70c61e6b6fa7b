import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { applications } from "#drizzle/applications";
import { changes } from "#drizzle/changes";
import { gateways } from "#drizzle/gateways";
import { routes } from "#drizzle/routes";
import { security } from "#drizzle/security";
import { applicationStates, deliveries } from "#drizzle/sync";
import { realFileOperations } from "#src/delivery/applier/file-operations";
import { adoptGatewayFolder } from "#src/delivery/leader/adopt-gateway-folder";
import { newId } from "#src/platform/ids";
import { deleteRows, readRows, updateRows } from "../support/rows/table";
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
const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);
const snapshot = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path, readFileSync(path, "utf8")]),
  );

async function started(options: Parameters<SyncWorld["reconciler"]>[0] = {}) {
  const reconciler = sync.reconciler(options);
  reconciler.start();
  return { reconciler, standing: await reconciler.ready };
}

describe("the folder before the first delivery", () => {
  it("the folder exists before there is any application, and only its user and group may read it (TM-53..55)", async () => {
    await started();
    const { paths } = sync;
    expect(readdirSync(paths.applications)).toEqual(["0-shared.yml"]);
    expect(readFileSync(paths.static, "utf8")).toContain(`directory: "${paths.dynamic}"`);
    for (const folder of [paths.dynamic, paths.applications, paths.staging]) expect(mode(folder)).toBe("750");
    for (const file of [paths.static, paths.marker, join(paths.applications, "0-shared.yml")]) {
      expect(mode(file)).toBe("640");
    }
    await application();
    await delivered();
    for (const name of readdirSync(paths.applications)) expect(mode(join(paths.applications, name))).toBe("640");
  });

  it("the static configuration names the folder as Traefik sees it", async () => {
    await started({ folder: { folder: sync.folder, folderInTraefik: "/etc/gateway" } });
    expect(readFileSync(sync.paths.static, "utf8")).toContain('directory: "/etc/gateway/dynamic"');
  });
});

describe("a failed write", () => {
  it("a failed write is retried and reports its cause, and is logged as an error if something should have closed", async () => {
    let full = false;
    const files = {
      ...realFileOperations,
      writeFlushed: async (...given: Parameters<typeof realFileOperations.writeFlushed>) => {
        if (!full) return realFileOperations.writeFlushed(...given);
        throw Object.assign(new Error("no space left"), { code: "ENOSPC", syscall: "write", path: given[0] });
      },
    };
    await started({ files });
    const { applicationId } = await application();
    const { securityId } = await sync.given.credential(applicationId, "mallory");
    await delivered();
    const before = await sync.state(applicationId);
    full = true;
    await sync.given.ok("security.delete", { securityId });
    await until(
      () => sync.gateway(),
      ({ cause }) => cause !== null,
    );
    expect((await sync.gateway()).cause).toBe("disk_full");
    const since = async () =>
      (await readRows(sync.world.db.owner, gateways, { gatewayId: sync.gatewayId }, ["causeSince"]))[0]?.causeSince;
    const first = await since();
    sync.world.now = new Date(Date.now() + 60_000);
    await until(
      () => sync.world.log(),
      (log) => log.split("revocation not delivered").length > 2,
    );
    expect(await since(), "since the first failure, not the last").toEqual(first);
    expect(await sync.pending()).toBe(1);
    expect((await sync.state(applicationId))?.revision).toBe(before?.revision);
    expect(sync.file(applicationId)).toContain("mallory:");
    full = false;
    await delivered();
    expect(sync.file(applicationId)).not.toContain("mallory:");
    expect((await sync.gateway()).cause).toBeNull();
  });

  it("a failed repair is retried without another comparison (TM-53)", async () => {
    const first = await started();
    const { applicationId } = await application();
    await delivered();
    await first.reconciler.stop();
    const whole = sync.file(applicationId);
    writeFileSync(join(sync.paths.applications, `${applicationId}.yml`), "{}");
    let refused = 0;
    const files = {
      ...realFileOperations,
      writeFlushed: async (...given: Parameters<typeof realFileOperations.writeFlushed>) => {
        if (refused >= 2) return realFileOperations.writeFlushed(...given);
        refused++;
        throw Object.assign(new Error("no space left"), { code: "ENOSPC", syscall: "write", path: given[0] });
      },
    };
    await started({ files });
    await until(
      () => sync.file(applicationId),
      (text) => text === whole,
    );
    expect(refused).toBe(2);
  });

  it("a file in the place of the folder is reported", async () => {
    await started();
    const { paths } = sync;
    renameSync(paths.applications, `${paths.folder}/away`);
    writeFileSync(paths.applications, "");
    const { applicationId } = await application();
    await until(
      () => sync.gateway(),
      ({ cause }) => cause !== null,
    );
    expect((await sync.gateway()).cause).toBe("no_folder");
    expect(await sync.state(applicationId)).toBeNull();
    rmSync(paths.applications);
    renameSync(`${paths.folder}/away`, paths.applications);
    await delivered();
    expect(sync.file(applicationId)).not.toBeNull();
  });

  it("a missing folder is reported", async () => {
    await started();
    renameSync(sync.folder, `${sync.folder}-away`);
    await application();
    await until(
      () => sync.gateway(),
      ({ cause }) => cause !== null,
    );
    expect((await sync.gateway()).cause).toBe("folder_replaced");
    expect(existsSync(sync.folder)).toBe(false);
    renameSync(`${sync.folder}-away`, sync.folder);
    await delivered();
  });
});

describe("a folder that the database does not mean", () => {
  it.each([
    ["of another claim", (claim: Record<string, string>) => ({ ...claim, nonce: "another" })],
    [
      "of another installation",
      (claim: Record<string, string>) => ({ ...claim, installationId: newId("installation") }),
    ],
    ["of another gateway", (claim: Record<string, string>) => ({ ...claim, gatewayId: newId("gateway") })],
  ])("a folder %s is left unchanged, and one log line reports it", async (_, change) => {
    const { reconciler } = await started();
    await application();
    await delivered();
    await reconciler.stop();
    writeFileSync(sync.paths.claim, JSON.stringify(change(JSON.parse(readFileSync(sync.paths.claim, "utf8")))));
    const before = snapshot(sync.folder);
    const term = (await sync.gateway()).leaseTerm;
    const { standing } = await started({ timing: { candidateMs: 20 } });
    expect(standing.leads).toBe(false);
    await application("other.localhost", 9001);
    await new Promise((resolve) => setTimeout(resolve, 100)); // several attempts
    expect(snapshot(sync.folder)).toEqual(before);
    expect((await sync.gateway()).leaseTerm).toBe(term);
    expect(sync.world.log().split("this process cannot deliver to the gateway").length).toBe(2);
  });

  it("a folder is not created if the database means one on another disk", async () => {
    const { reconciler } = await started();
    await reconciler.stop();
    const elsewhere = `${sync.folder}-elsewhere`;
    const { standing } = await started({ folder: { folder: elsewhere } });
    expect(standing).toMatchObject({ leads: false, why: { cause: "claim_missing" } });
    expect(standing.why?.detail).toContain("another disk");
    expect(existsSync(elsewhere)).toBe(false);
  });

  it("a folder can be adopted explicitly, after which everything is delivered and proven again", async () => {
    const first = await started();
    const { applicationId } = await application();
    await delivered();
    await first.reconciler.stop();
    const { epoch } = await sync.gateway();
    rmSync(sync.folder, { recursive: true });
    const { random, database } = sync.world.runtime;
    await adoptGatewayFolder(database, { gatewayId: sync.gatewayId }, sync.paths, { random, now: new Date() });
    const { standing } = await started();
    expect(standing.leads).toBe(true);
    await until(
      () => sync.file(applicationId),
      (file) => file !== null,
    );
    await until(
      () => sync.gateway(),
      (row) => row.comparedAt !== null && row.epoch !== epoch,
    );
    expect((await sync.state(applicationId))?.provenRevision).toBe(0);
  });

  it("a folder has one leader when two processes share it", async () => {
    const first = await started({ alone: false, timing: { leaseMs: 60_000, candidateMs: 20 } });
    const second = await started({ alone: false, timing: { leaseMs: 60_000, candidateMs: 20 } });
    expect(first.standing.leads).toBe(true);
    expect(second.standing).toEqual({ leads: false, why: null });
    await first.reconciler.stop();
    await until(
      () => second.reconciler.status().leads,
      (leads) => leads === true,
    );
    await application();
    await delivered();
  });
});

describe("the full comparison", () => {
  const compared = async (since: Date | null) =>
    until(
      () => sync.gateway(),
      ({ comparedAt }) => comparedAt !== null && (since === null || comparedAt > since),
    );

  it("the full comparison repairs changed and removed files, and removes own files that are no longer needed", async () => {
    const { reconciler } = await started();
    const altered = (await application()).applicationId;
    const missing = (await application("missing.localhost", 9001)).applicationId;
    const gone = (await application("gone.localhost", 9002)).applicationId;
    await delivered();
    const path = (id: string) => join(sync.paths.applications, `${id}.yml`);
    const good = { altered: sync.file(altered), missing: sync.file(missing), gone: sync.file(gone) ?? "" };
    await sync.given.ok("applications.delete", { applicationId: gone });
    await delivered();
    expect(sync.file(gone)).toBeNull();
    await reconciler.stop();

    writeFileSync(path(altered), "{}");
    rmSync(path(missing));
    writeFileSync(path(gone), good.gone);
    writeFileSync(join(sync.paths.applications, "0-shared.yml"), "{}");
    const deny = readdirSync(sync.paths.applications).find((name) => name.startsWith("0-deny")) ?? "none";
    rmSync(join(sync.paths.applications, deny));
    await started();
    await until(
      () => sync.file(gone),
      (file) => file === null,
    );
    await until(
      () => sync.file(altered),
      (file) => file === good.altered,
    );
    expect(sync.file(missing)).toBe(good.missing);
    expect(readFileSync(join(sync.paths.applications, "0-shared.yml"), "utf8")).toContain("guard");
    expect(existsSync(join(sync.paths.applications, deny))).toBe(true);
  });

  it("the full comparison repairs the shared file and denies that change while the process leads (TM-53)", async () => {
    await started({ timing: { compareMs: 50 } });
    await application();
    await delivered();
    const names = readdirSync(sync.paths.applications).filter((name) => name.startsWith("0-"));
    expect(names).toHaveLength(2);
    const paths = names.map((name) => join(sync.paths.applications, name));
    const good = paths.map((path) => readFileSync(path, "utf8"));
    for (const path of paths) {
      writeFileSync(path, "{}");
      await until(
        () => readFileSync(path, "utf8"),
        (text) => good.includes(text),
      );
    }
    expect(paths.map((path) => readFileSync(path, "utf8"))).toEqual(good);
  });

  it("the full comparison detects an application that was deleted without an outbox row (DK-20)", async () => {
    const first = await started();
    const { applicationId } = await application();
    await delivered();
    await first.reconciler.stop();
    for (const table of [routes, security, applications]) {
      await deleteRows(sync.world.db.owner, table, { applicationId });
    }
    rmSync(join(sync.paths.applications, `${applicationId}.yml`));
    await started();
    await expect.poll(() => sync.state(applicationId)).toMatchObject({ removed: true });
    expect(sync.file(applicationId)).toBeNull();
  });

  it("the full comparison delivers nothing if nothing differs", async () => {
    const { reconciler } = await started();
    await application();
    await delivered();
    await reconciler.stop();
    const before = await sync.gateway();
    await started();
    await compared(before.comparedAt);
    expect((await sync.gateway()).revision).toBe(before.revision);
  });

  it("the full comparison changes no foreign file, and reports those that matter", async () => {
    const { reconciler } = await started();
    await application();
    await delivered();
    await reconciler.stop();
    const { dynamic, applications } = sync.paths;
    mkdirSync(join(dynamic, "theirs"));
    const router = { rule: "Host(`wiki.localhost`)", service: "noop@internal" };
    const foreign: Record<string, string> = {
      [join(dynamic, "freezes.yml")]: '{"http":{"routers":{}}}',
      [join(dynamic, "theirs/steals.toml")]:
        `[http.routers.x]\nrule = "Host(\`wiki.localhost\`)"\nservice = "x@internal"\n`,
      [join(dynamic, "shadows.yml")]: JSON.stringify({ http: { routers: { "portcullis-h2c": router } } }),
      [join(dynamic, "harmless.yml")]: JSON.stringify({
        http: { routers: { y: { ...router, rule: "Host(`other.localhost`)" } } },
      }),
      [join(applications, `${newId("application")}.yml`)]: "{}",
    };
    for (const [path, text] of Object.entries(foreign)) writeFileSync(path, text);
    const before = await sync.gateway();
    await started();
    const { foreignFiles } = await compared(before.comparedAt);
    for (const [path, text] of Object.entries(foreign)) expect(readFileSync(path, "utf8")).toBe(text);
    const reported = foreignFiles.map(({ path, problem }) => `${path} ${problem}`);
    expect(reported).toContain("freezes.yml refused");
    expect(reported).toContain("theirs/steals.toml routes_managed_host");
    expect(reported).toContain("shadows.yml defines_our_name");
    expect(reported).toContain("shadows.yml routes_managed_host");
    expect(reported.filter((line) => line.endsWith("named_like_ours"))).toHaveLength(1);
    expect(reported.some((line) => line.startsWith("harmless"))).toBe(false);
  });

  it("a folder that is newer than the database starts a new epoch, and its older files are removed", async () => {
    const first = await started();
    const { applicationId } = await application();
    await delivered();
    await first.reconciler.stop();
    const before = await sync.gateway();
    // This is like a restore from a copy that was made before all this.
    for (const table of [security, routes, changes, applicationStates, deliveries, applications]) {
      await deleteRows(sync.world.db.owner, table);
    }
    await updateRows(sync.world.db.owner, gateways, {}, { revision: 1 });
    await started();
    await until(
      () => sync.file(applicationId),
      (file) => file === null,
    );
    const after = await sync.gateway();
    expect(after.epoch).not.toBe(before.epoch);
    expect(after.revision).toBeGreaterThan(before.revision);
  });
});
