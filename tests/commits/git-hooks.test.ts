import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "pcl-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What Git and the scripts see: nobody's configuration, and no CI. */
const environment = {
  PATH: process.env.PATH,
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_SYSTEM: "/dev/null",
  GIT_AUTHOR_NAME: "Ada",
  GIT_AUTHOR_EMAIL: "ada@example.org",
  GIT_COMMITTER_NAME: "Ada",
  GIT_COMMITTER_EMAIL: "ada@example.org",
  NODE_ENV: "test" as const,
};

function run(cwd: string, command: string, words: readonly string[], more: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(command, words, {
    cwd,
    encoding: "utf8",
    env: { ...environment, ...more },
  });
  return { status, said: `${stdout}${stderr}` };
}

/** What `npm install` leaves in a clone, as far as the hooks need it. */
function clone(path: string): string {
  const made = join(folder, path);
  mkdirSync(made, { recursive: true });
  for (const name of ["bin", "biome.json", "package.json"])
    cpSync(join(root, name), join(made, name), { recursive: true });
  for (const name of ["simple-git-hooks", "@biomejs", ".bin/biome"]) {
    mkdirSync(dirname(join(made, "node_modules", name)), { recursive: true });
    symlinkSync(join(root, "node_modules", name), join(made, "node_modules", name));
  }
  return made;
}

function repository(path: string): string {
  const made = clone(path);
  expect(run(made, "git", ["init", "--quiet"]).status).toBe(0);
  return made;
}

const prepare = (cwd: string, more: Record<string, string> = {}) =>
  run(cwd, process.execPath, ["bin/prepare.mjs"], more);

function hooksOf(path: string): string[] {
  return readdirSync(join(path, ".git/hooks"))
    .filter((name) => !name.endsWith(".sample"))
    .sort();
}

test("an installation in a clone sets the hooks, says nothing, and does it again without harm", () => {
  const made = repository("set");
  expect(prepare(made)).toEqual({ status: 0, said: "" });
  expect(hooksOf(made)).toEqual(["commit-msg", "pre-commit", "pre-push"]);
  expect(prepare(made)).toEqual({ status: 0, said: "" });
});

test("a commit with another message or with a file that is not formatted is refused, and a good one is taken", () => {
  const made = repository("commits");
  prepare(made);
  writeFileSync(join(made, "good.ts"), "export const one = 1;\n");
  run(made, "git", ["add", "good.ts"]);
  const refused = run(made, "git", ["commit", "--quiet", "--message", "One"]);
  expect(refused.status).toBe(1);
  expect(refused.said).toContain('It is "One".');
  writeFileSync(join(made, "bad.ts"), "export const two = 2\n");
  run(made, "git", ["add", "bad.ts"]);
  const unformatted = run(made, "git", ["commit", "--quiet", "--message", "feat: add two"]);
  expect(unformatted.status).toBe(1);
  expect(unformatted.said).toContain("bad.ts");
  run(made, "git", ["rm", "--quiet", "--cached", "bad.ts"]);
  expect(run(made, "git", ["commit", "--quiet", "--message", "feat: add one"]).status).toBe(0);
  writeFileSync(join(made, "picture.bin"), "x");
  run(made, "git", ["add", "picture.bin"]);
  expect(run(made, "git", ["commit", "--quiet", "--message", "docs: add a picture"]).status).toBe(0);
});

test("the hooks of a contributor stay, and npm install sets no other", () => {
  const made = repository("own");
  const own = join(made, ".git/hooks/pre-push");
  mkdirSync(dirname(own), { recursive: true });
  writeFileSync(own, "#!/bin/sh\nexit 0\n");
  chmodSync(own, 0o755);
  const { status, said } = prepare(made);
  expect(status).toBe(0);
  expect(said).toContain("already has other hooks (pre-push). They stay");
  expect(hooksOf(made)).toEqual(["pre-push"]);
  expect(readFileSync(own, "utf8")).toBe("#!/bin/sh\nexit 0\n");
});

test("npm install sets no hook in CI", () => {
  const made = repository("ci");
  expect(prepare(made, { CI: "true" })).toEqual({ status: 0, said: "" });
  expect(hooksOf(made)).toEqual([]);
});

test("npm install sets no hook for sources outside a clone, or in a repository around them", () => {
  const around = repository("around");
  const inside = clone("around/unpacked");
  expect(prepare(inside)).toEqual({ status: 0, said: "" });
  const tool = join(inside, "node_modules/simple-git-hooks/postinstall.js");
  expect(existsSync(tool)).toBe(true);
  expect(run(inside, process.execPath, [tool]).status).toBe(0); // npm runs this one too
  expect(hooksOf(around)).toEqual([]);
});

test("an installation without the tool or without Git does not fail", () => {
  const made = repository("without");
  rmSync(join(made, "node_modules/simple-git-hooks"));
  expect(prepare(made)).toEqual({ status: 0, said: "" });
  const noGit = repository("no-git");
  expect(prepare(noGit, { PATH: "/nonexistent" })).toEqual({ status: 0, said: "" });
  expect(hooksOf(noGit)).toEqual([]);
});
