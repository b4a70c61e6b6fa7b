import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { transformSync } from "esbuild";
import { beforeAll, describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const patch = readFileSync(join(root, "patches/postgres+3.4.9.patch"), "utf8");
const sections = patch.split(/^diff --git .*\n/m).slice(1);

/** All JavaScript of the build, as lines. */
let built: ReadonlySet<string>;

beforeAll(async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, "bin/build.mjs")], { cwd: root });
  const folder = join(root, stdout.trim());
  const files = readdirSync(folder).filter((name) => name.endsWith(".mjs"));
  built = new Set(files.flatMap((name) => linesOf(readFileSync(join(folder, name), "utf8"))));
});

/** The bundler adds digits to names that two modules have. */
const linesOf = (text: string) => text.split("\n").map((line) => line.trim().replace(/([A-Za-z_$])\d+\b/g, "$1"));

/** As the bundler prints it. */
const printed = (source: string) => linesOf(transformSync(source, { target: "node20", format: "esm" }).code);

/** A patched file as it was before. */
function withoutPatch(source: string, section: string): string {
  const hunks = section.split(/^@@ .*\n/m).slice(1);
  return hunks.reduce((text, hunk) => {
    const lines = hunk.split("\n").filter((line) => /^[ +-]/.test(line));
    const side = (sign: string) => lines.filter((line) => /^[ ]/.test(line) || line.startsWith(sign));
    const blockOf = (chosen: string[]) => chosen.map((line) => line.slice(1)).join("\n");
    expect(text).toContain(blockOf(side("+")));
    return text.replace(blockOf(side("+")), () => blockOf(side("-")));
  }, source);
}

describe.each(["src/connection.js", "src/index.js"])("the driver's %s", (file) => {
  test("the driver is in the server's build with every line of the patch, and with none that the patch takes away", () => {
    const section = sections.find((text) => text.includes(`+++ b/node_modules/postgres/${file}\n`)) ?? "";
    const patched = readFileSync(join(root, "node_modules/postgres", file), "utf8");
    const after = printed(patched);
    const before = printed(withoutPatch(patched, section));
    const added = after.filter((line) => !before.includes(line));
    expect(added.length).toBeGreaterThan(10);
    expect(added.filter((line) => !built.has(line))).toEqual([]);
    const removed = before.filter((line) => !after.includes(line) && line.length > 25); // shorter ones are anywhere
    expect(removed.length).toBeGreaterThan(0);
    expect(removed.filter((line) => built.has(line))).toEqual([]);
  });
});
