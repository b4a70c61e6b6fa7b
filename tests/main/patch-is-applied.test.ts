import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { patchIsApplied } from "../../bin/patch-is-applied.mjs";

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "pcl-"));
afterAll(() => rmSync(folder, { recursive: true }));

function copyOfInstallation(name: string): string {
  const copy = join(folder, name);
  mkdirSync(copy);
  cpSync(join(root, "patches"), join(copy, "patches"), { recursive: true });
  cpSync(join(root, "node_modules/postgres"), join(copy, "node_modules/postgres"), { recursive: true });
  return copy;
}

test("the installed driver contains the current patch in its ES module and CommonJS builds", () => {
  expect(patchIsApplied()).toBe(true);
  const patch = readFileSync(join(root, "patches/postgres+3.4.9.patch"), "utf8");
  const patched = [...patch.matchAll(/^\+\+\+ b\/node_modules\/postgres\/(.*)$/gm)].map(([, file]) => file);
  expect(patched).toEqual(["cjs/src/connection.js", "cjs/src/index.js", "src/connection.js", "src/index.js"]);
});

test("patchIsApplied returns false if one line of the patch is missing in either build", () => {
  for (const build of ["src", "cjs/src"]) {
    const copy = copyOfInstallation(build.replace("/", "-"));
    expect(patchIsApplied(copy)).toBe(true);
    const path = join(copy, "node_modules/postgres", build, "connection.js");
    writeFileSync(path, readFileSync(path, "utf8").replace("    if (q.options.onexecute)\n", ""));
    expect(patchIsApplied(copy)).toBe(false);
  }
});

test("patchIsApplied returns false without the patch file", () => {
  const copy = copyOfInstallation("unpatched");
  rmSync(join(copy, "patches/postgres+3.4.9.patch"));
  expect(patchIsApplied(copy)).toBe(false);
  rmSync(join(copy, "patches"), { recursive: true });
  expect(patchIsApplied(copy)).toBe(false);
});

test("patchIsApplied returns false without the driver", () => {
  const copy = copyOfInstallation("none");
  rmSync(join(copy, "node_modules"), { recursive: true });
  expect(patchIsApplied(copy)).toBe(false);
});

describe("a clone in which nothing is built", () => {
  /** The command, in a clone with these packages alone. @returns what it said */
  function startIn(clone: string): string {
    for (const path of ["bin", "package.json", "package-lock.json"]) {
      cpSync(join(root, path), join(clone, path), { recursive: true });
    }
    for (const path of ["src", "drizzle"]) mkdirSync(join(clone, path));
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(clone, "bin/portcullis.mjs"), "start"], {
      encoding: "utf8",
    });
    expect([status, stdout, stderr.trimEnd().split("\n").length]).toEqual([1, "", 1]);
    return stderr;
  }

  test("a clone is not built from a driver that lacks the patch, and the start says what to run", () => {
    const clone = copyOfInstallation("unpatched-clone");
    const path = join(clone, "node_modules/postgres/src/connection.js");
    writeFileSync(path, readFileSync(path, "utf8").replace("    if (q.options.onexecute)\n", ""));
    expect(startIn(clone)).toContain("Run `npm install`");
  });

  test("the start of a clone without the development dependencies says how to install them", () => {
    expect(startIn(copyOfInstallation("without-esbuild"))).toContain('run "npm install --include=dev"');
  });
});
