import { chownSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { realFileOperations } from "#src/delivery/applier/file-operations";
import { openSyncWorld, password, type SyncWorld, until } from "./sync-world";

let sync: SyncWorld;

beforeEach(async () => {
  sync = await openSyncWorld();
});
afterEach(() => sync.close());

const timing = { candidateMs: 10 };
const isRoot = process.geteuid?.() === 0;
const linesOf = (text: string) => sync.world.log().split(text).length - 1;

/** A file system on which the sync cannot create anything until the test allows it. */
function failing(code: string) {
  let fails = true;
  let tries = 0;
  const files = {
    ...realFileOperations,
    mkdir: async (path: string) => {
      if (!fails) return realFileOperations.mkdir(path);
      tries++;
      throw Object.assign(new Error(`${code}: mkdir '${path}'`), { code, syscall: "mkdir", path });
    },
  };
  return { files, tries: () => tries, mend: () => (fails = false) };
}

describe("a gateway that cannot be led", () => {
  it.each([
    ["ENOSPC", "disk_full"],
    ["EROFS", "read_only"],
    ["EACCES", "not_permitted"],
  ] as const)(
    "a gateway that cannot be led has the cause of %s in its status, one line in the log, and is led once possible",
    async (code, cause) => {
      const disk = failing(code);
      const reported: unknown[] = [];
      const reconciler = sync.reconciler({ files: disk.files, timing, onStatus: (status) => reported.push(status) });
      reconciler.start();
      expect(await reconciler.ready).toMatchObject({ leads: false, why: { cause } });
      await until(disk.tries, (tries) => tries > 4);
      expect((await sync.gateway()).cause).toBe(cause);
      expect(linesOf("this process cannot deliver to the gateway")).toBe(1);
      disk.mend();
      await until(
        () => reconciler.status(),
        ({ leads, why }) => leads === true && why === null,
      );
      await until(
        () => sync.gateway(),
        (gateway) => gateway.cause === null,
      );
      expect(linesOf("the gateway can be led again")).toBe(1);
      expect(reported).toHaveLength(2);
      expect(readFileSync(sync.paths.static, "utf8")).toContain("entryPoints");
    },
  );

  it("a gateway whose folder path is a file has a cause in its status", async () => {
    writeFileSync(sync.folder, "");
    const reconciler = sync.reconciler({ timing });
    reconciler.start();
    expect(await reconciler.ready).toMatchObject({ leads: false, why: { cause: "no_folder" } });
    rmSync(sync.folder);
    await until(
      () => reconciler.status().leads,
      (leads) => leads === true,
    );
  });

  it.runIf(isRoot)(
    "a gateway is not led by root in a folder of another user, and nothing is written there",
    async () => {
      mkdirSync(sync.folder);
      chownSync(sync.folder, 65_534, 65_534);
      const reconciler = sync.reconciler({ timing });
      reconciler.start();
      const { leads, why } = await reconciler.ready;
      expect({ leads, cause: why?.cause }).toEqual({ leads: false, cause: "not_ours" });
      expect(why?.detail).toContain(`${sync.folder} belongs to user 65534`);
      await until(
        () => sync.gateway(),
        ({ cause }) => cause === "not_ours",
      );
      chownSync(sync.folder, 0, 0);
      await until(
        () => reconciler.status().leads,
        (led) => led === true,
      );
    },
  );

  it("a candidate does not overwrite the state of a gateway that another process leads", async () => {
    const first = sync.reconciler({ alone: false, timing: { ...timing, leaseMs: 60_000 } });
    first.start();
    expect(await first.ready).toMatchObject({ leads: true });
    const elsewhere = sync.reconciler({ alone: false, timing, folder: { folder: `${sync.folder}-elsewhere` } });
    elsewhere.start();
    expect(await elsewhere.ready).toMatchObject({ leads: false, why: { cause: "claim_missing" } });
    expect((await sync.gateway()).cause).toBeNull();
    await first.stop();
    await until(
      () => sync.gateway(),
      ({ cause }) => cause === "claim_missing",
    );
  });
});

describe("a gateway whose leader can no longer write", () => {
  it("a leader that can no longer write reports it in the status of the process until a delivery succeeds", async () => {
    let full = false;
    const files = {
      ...realFileOperations,
      writeFlushed: async (...given: Parameters<typeof realFileOperations.writeFlushed>) => {
        if (!full) return realFileOperations.writeFlushed(...given);
        throw Object.assign(new Error("ENOSPC: write"), { code: "ENOSPC", syscall: "write" }); // an error of an open file has no path
      },
    };
    const reconciler = sync.reconciler({ files, timing });
    reconciler.start();
    expect(await reconciler.ready).toEqual({ leads: true, why: null });
    full = true;
    await sync.given.application({
      access: "protected",
      route: { host: "wiki.localhost", upstreams: [{ url: "http://127.0.0.1:9000" }] },
      credential: { username: "ada", password: password() },
    });
    await until(
      () => reconciler.status(),
      ({ leads, why }) => leads === true && why?.cause === "disk_full",
    );
    full = false;
    await until(
      () => reconciler.status().why,
      (why) => why === null,
    );
    expect(await sync.pending()).toBe(0);
  });
});

describe("a delivery that fails for a reason that a tenant may have caused", () => {
  it("a failure that a tenant may have caused is shown in sync.status, and leaves the process ready", async () => {
    let fails = true;
    const faultPoint = async (point: string) => {
      if (fails && point === "compiled") throw new TypeError("an unexpected row");
    };
    const reconciler = sync.reconciler({ faultPoint, timing });
    reconciler.start();
    await until(
      () => sync.gateway(),
      ({ cause }) => cause === "other",
    );
    expect(reconciler.status()).toEqual({ leads: true, why: null });
    fails = false;
    await until(
      () => sync.gateway(),
      ({ cause }) => cause === null,
    );
  });
});
