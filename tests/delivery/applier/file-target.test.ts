import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type FileOperations, realFileOperations } from "#src/delivery/applier/file-operations";
import { fenceOlderTerms, fileTarget, stagingOf } from "#src/delivery/applier/file-target";
import { type FolderPaths, pathsIn } from "#src/delivery/applier/gateway-folder";
import type { Bundle, PlannedFile } from "#src/delivery/protocol/bundle";
import type { FaultPoint } from "#src/delivery/protocol/target";
import { realPace } from "#src/platform/timer";

let folder: string;
let paths: FolderPaths;
/** `flush <content>`, `rename <name>`, `remove <name>`, `sync <folder>`, in the order of execution. */
let done: string[];
let under: number;
let mostAtOnce: number;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "portcullis-target-"));
  paths = pathsIn(folder);
  done = [];
  under = 0;
  mostAtOnce = 0;
  for (const path of [paths.applications, stagingOf(paths, 1, "a")]) await realFileOperations.mkdir(path);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const files: FileOperations = {
  ...realFileOperations,
  async writeFlushed(path, text, mode, group) {
    await realFileOperations.writeFlushed(path, text, mode, group);
    done.push(`flush ${text}`);
  },
  async rename(from, to) {
    mostAtOnce = Math.max(mostAtOnce, ++under);
    try {
      await realFileOperations.rename(from, to);
      done.push(to.startsWith(paths.staging) ? `remove ${basename(from)}` : `rename ${basename(to)}`);
    } finally {
      under--;
    }
  },
  async syncFolder(path) {
    await realFileOperations.syncFolder(path);
    done.push(`sync ${basename(path)}`);
  },
};

const target = (more: { files?: FileOperations; faultPoint?: (point: FaultPoint) => void } = {}) =>
  fileTarget({
    paths,
    term: 1,
    leaderId: "a",
    gatewayId: "gtw_1",
    nonce: "n",
    group: undefined,
    files,
    faultPoint: () => undefined,
    pace: realPace,
    ...more,
  });
const file = (name: string, effect: PlannedFile["effect"]): PlannedFile =>
  effect === "removes" ? { name, text: null, digest: null, effect } : { name, text: `of ${name}`, digest: "d", effect };
const bundle: Bundle = {
  gatewayId: "gtw_1",
  term: 1,
  epoch: "e",
  revision: 1,
  previous: "",
  digest: "d",
  files: [],
  marker: "marker",
  probes: [],
};
const staged = () => readdirSync(stagingOf(paths, 1, "a"));
const live = (name: string, text: string) => writeFileSync(join(paths.applications, name), text);

it("all files are flushed before any is renamed, and the marker is renamed last (TM-53)", async () => {
  live("c.yml", "old");
  await target().apply([file("c.yml", "removes"), file("b.yml", "opens"), file("a.yml", "closes")], bundle);
  expect(done.slice(0, 3).sort()).toEqual(["flush marker", "flush of a.yml", "flush of b.yml"]);
  expect(done.slice(3, 7)).toEqual([
    "rename a.yml",
    "rename b.yml",
    "remove c.yml",
    `rename ${basename(paths.marker)}`,
  ]);
  expect(done.slice(7).sort()).toEqual(
    [`sync ${basename(paths.applications)}`, `sync ${basename(paths.dynamic)}`].sort(),
  );
  expect(readdirSync(paths.applications).sort()).toEqual(["a.yml", "b.yml"]);
  expect(readFileSync(paths.marker, "utf8")).toBe("marker");
  expect(staged()).toEqual([]);
});

it("files that close are renamed one by one, and files that only open are renamed concurrently (DK-5)", async () => {
  const names = Array.from({ length: 40 }, (_, at) => `${String(at).padStart(2, "0")}.yml`);
  await target().apply(
    names.map((name) => file(name, "closes")),
    bundle,
  );
  expect(mostAtOnce).toBe(1);
  expect(done.filter((what) => /^rename \d\d\.yml/.test(what))).toEqual(names.map((name) => `rename ${name}`));
  await target().apply(
    names.map((name) => file(name, "opens")),
    bundle,
  );
  expect(mostAtOnce).toBeGreaterThan(1);
});

it("a missing file needs no removal (DK-20)", async () => {
  await target().apply([file("a.yml", "closes"), file("no.yml", "removes")], bundle);
  expect(readdirSync(paths.applications)).toEqual(["a.yml"]);
  expect([staged(), readFileSync(paths.marker, "utf8")]).toEqual([[], "marker"]);
});

it("a delivery that is preempted before its first file changes nothing and leaves no files (DK-5)", async () => {
  let point: FaultPoint | null = null;
  const overtaken = async () => {
    if (point === "staged") throw new Error("overtaken");
  };
  const faultPoint = (reached: FaultPoint) => {
    point = reached;
  };
  const applying = target({ faultPoint }).apply([file("a.yml", "opens")], bundle, { overtaken });
  await expect(applying).rejects.toThrow("overtaken");
  expect([readdirSync(paths.applications), staged(), existsSync(paths.marker)]).toEqual([[], [], false]);
});

it("the staged files of a failed delivery are removed (TM-53)", async () => {
  const failing: FileOperations = {
    ...files,
    async writeFlushed(path, text, mode, group) {
      await files.writeFlushed(path, text, mode, group);
      if (text === "marker") throw new Error("no space left");
    },
  };
  const applying = target({ files: failing }).apply([file("a.yml", "closes"), file("b.yml", "closes")], bundle);
  await expect(applying).rejects.toThrow("no space left");
  expect([readdirSync(paths.applications), staged(), existsSync(paths.marker)]).toEqual([[], [], false]);
});

it("a leader of an older term can neither write nor remove, even if there is nothing to remove (TM-53, DK-20)", async () => {
  live("old.yml", "old");
  const former = target();
  await realFileOperations.mkdir(stagingOf(paths, 2, "b"));
  await fenceOlderTerms(paths, 2, realFileOperations);
  expect(readdirSync(paths.staging)).toEqual(["2"]);
  const batches: PlannedFile[][] = [
    [file("new.yml", "closes")],
    [file("old.yml", "removes")],
    [file("no.yml", "removes")],
  ];
  for (const batch of batches) {
    await expect(former.apply(batch, bundle)).rejects.toMatchObject({ code: "ENOENT" });
  }
  expect(readdirSync(paths.applications)).toEqual(["old.yml"]);
  expect(existsSync(paths.marker)).toBe(false);
});

it("a leader that is replaced after staging can no longer change anything (TM-53, DK-20)", async () => {
  live("old.yml", "old");
  await realFileOperations.mkdir(stagingOf(paths, 2, "b"));
  for (const batch of [[file("new.yml", "closes")], [file("old.yml", "removes")], [file("no.yml", "removes")]]) {
    await realFileOperations.mkdir(stagingOf(paths, 1, "a"));
    let fenced = false;
    const replaced: FileOperations = {
      ...files,
      async rename(from, to) {
        if (!fenced) await fenceOlderTerms(paths, 2, realFileOperations);
        fenced = true;
        await files.rename(from, to);
      },
      async removeTree(path) {
        if (!fenced && !path.startsWith(paths.staging)) await fenceOlderTerms(paths, 2, realFileOperations);
        await files.removeTree(path);
      },
    };
    await expect(target({ files: replaced }).apply(batch, bundle)).rejects.toMatchObject({ code: "ENOENT" });
    expect(readdirSync(paths.applications)).toEqual(["old.yml"]);
    expect(existsSync(paths.marker)).toBe(false);
  }
});
