import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { syncTree, writeDurably } from "#src/platform/files/durable-file";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "portcullis-durable-"));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

/** Records every flush of any file or folder from now on. */
async function spyOnFlushes() {
  const probe = await open(folder, "r");
  const spy = vi.spyOn(Object.getPrototypeOf(probe), "sync");
  await probe.close();
  return spy;
}

describe("writing durably", () => {
  it("a durable write replaces the whole file with the given mode, and leaves no other file behind", async () => {
    const path = join(folder, "secret");
    writeFileSync(path, "old and longer", { mode: 0o644 });
    await writeDurably(path, "new", 0o660);
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(lstatSync(path).mode & 0o777).toBe(0o660);
    expect(readdirSync(folder)).toEqual(["secret"]);
  });

  it("a durable write flushes the file and then its folder", async () => {
    const flushes = await spyOnFlushes();
    await writeDurably(join(folder, "secret"), "new", 0o600);
    expect(flushes).toHaveBeenCalledTimes(2);
  });

  it("a durable write leaves the old file unchanged if the flush fails", async () => {
    const path = join(folder, "secret");
    writeFileSync(path, "old");
    (await spyOnFlushes()).mockRejectedValueOnce(new Error("EIO"));
    await expect(writeDurably(path, "new", 0o600)).rejects.toThrow("EIO");
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(readdirSync(folder)).toEqual(["secret"]);
  });
});

it("syncing a tree flushes every file and folder once, and does not follow a link out of it", async () => {
  mkdirSync(join(folder, "a", "b"), { recursive: true });
  writeFileSync(join(folder, "a", "one"), "");
  writeFileSync(join(folder, "a", "b", "two"), "");
  symlinkSync(tmpdir(), join(folder, "a", "out"));
  const flushes = await spyOnFlushes();
  await syncTree(folder);
  expect(flushes).toHaveBeenCalledTimes(5);
});
