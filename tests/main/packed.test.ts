import { type ChildProcess, execFile, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isFull } from "../support/length";

/**
 * Packs the product, installs the tarball from npm's cache with the versions of the lockfile, and starts it. It takes a
 * minute, so that only `npm run test:long` runs it.
 */

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "pcl-"));
const installed = join(folder, "node_modules", "portcullis");
const run = promisify(execFile);
let server: ChildProcess | null = null;

afterAll(() => {
  server?.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly version?: string }>>;
}

/** The lockfile of an installation that has the tarball as its one dependency. */
function lockOfInstallation(): Lock {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as Lock;
  const { version, dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const registry = execFileSync("npm", ["config", "get", "registry"], { encoding: "utf8" }).trim();
  const needed = Object.entries(packages).filter(([path, { dev }]) => path !== "" && dev !== true);
  const named = needed.map(([path, entry]) => {
    const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
    const resolved = `${registry}${name}/-/${name.split("/").at(-1)}-${entry.version}.tgz`;
    return [path, { ...entry, resolved }];
  });
  return {
    packages: {
      "": { dependencies: { portcullis: "file:portcullis.tgz" } },
      "node_modules/portcullis": { version, resolved: "file:portcullis.tgz", dependencies, bin: "bin/portcullis.mjs" },
      ...Object.fromEntries(named),
    },
  } as Lock;
}

/** @returns why npm cannot install without a network; null when it did */
async function installOffline(): Promise<string | null> {
  writeFileSync(join(folder, "package.json"), JSON.stringify({ dependencies: { portcullis: "file:portcullis.tgz" } }));
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify({ lockfileVersion: 3, ...lockOfInstallation() }));
  try {
    await run("npm", ["ci", "--offline", "--omit=dev", "--no-audit", "--no-fund"], { cwd: folder });
    return null;
  } catch (error) {
    if (error instanceof Error && error.message.includes("ENOTCACHED")) {
      return "npm's cache does not hold every package of the lockfile";
    }
    throw error;
  }
}

describe.runIf(isFull)("the tarball of npm pack", { shuffle: false }, () => {
  let lacking: string | null = null;

  beforeAll(async () => {
    await run("npm", ["pack", "--pack-destination", folder], { cwd: root, maxBuffer: 64 * 1024 * 1024 });
    const [tarball = ""] = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
    copyFileSync(join(folder, tarball), join(folder, "portcullis.tgz"));
    lacking = await installOffline();
    if (lacking !== null) process.stdout.write(`Skipping the tests of the tarball: ${lacking}.\n`);
  }, 600_000);

  test("brings no sources and nothing that only a build needs, and its build holds the driver", (context) => {
    context.skip(lacking !== null);
    expect(readdirSync(installed).sort()).toEqual(
      [".env.example", ".next", "CHANGELOG.md", "LICENSE", "README.md", "SECURITY.md", "bin", "dist", "docs"].concat([
        "drizzle",
        "migrations",
        "next.config.mjs",
        "package.json",
      ]),
    );
    for (const name of ["esbuild", "patch-package", "postgres", "drizzle-orm", "tsx"]) {
      expect(existsSync(join(folder, "node_modules", name)), name).toBe(false);
    }
    const files = readdirSync(join(installed, "dist/packed")).filter((name) => name.endsWith(".mjs"));
    const texts = files.map((name) => readFileSync(join(installed, "dist/packed", name), "utf8"));
    expect(texts.some((text) => text.includes("UNSAFE_TRANSACTION"))).toBe(true);
    expect(texts.filter((text) => /from "(postgres|drizzle-orm)[/"]/.test(text))).toEqual([]);
  });

  test("names no folder of the machine that made it", (context) => {
    context.skip(lacking !== null);
    const { status, stdout } = spawnSync("grep", ["-rlF", root, installed], { encoding: "utf8" });
    expect([status, stdout]).toEqual([1, ""]);
  });

  test("starts without a build, from the folder that it is installed in, with that folder's .env, and serves", async (context) => {
    context.skip(lacking !== null);
    writeFileSync(join(folder, ".env"), "PORT=0\nPORTCULLIS_GATEWAY_PROBE_ADDRESS=127.0.0.1:9\n");
    const command = join(folder, "node_modules/.bin/portcullis");
    const { PATH, HOME } = process.env;
    server = spawn(command, ["start"], { cwd: folder, env: { PATH, HOME, NODE_ENV: "test" }, stdio: "pipe" });
    const ended = once(server, "close");
    let said = "";
    for (const stream of [server.stdout, server.stderr]) stream?.on("data", (text) => (said += text));
    await expect.poll(() => said).toContain("--configFile=");
    expect(said).not.toContain("Building");
    const [, url] = /Portcullis is at (\S+)/.exec(said) ?? [];
    expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ status: "ok" });
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const page = await fetch(`${url}/sign-in`);
    expect(page.status).toBe(200);
    const [script = ""] = /\/_next\/static\/[^"]+\.js/.exec(await page.text()) ?? [];
    expect((await fetch(`${url}${script}`)).status).toBe(200);
    expect(existsSync(join(folder, "data/control.sock"))).toBe(true);
    server.kill("SIGTERM");
    expect((await ended)[0]).toBe(0);
  });

  test("has an SDK whose types Node's resolution and a bundler's find", (context) => {
    context.skip(lacking !== null);
    mkdirSync(join(folder, "consumer"));
    writeFileSync(
      join(folder, "consumer/main.mts"),
      `import { createClient } from "portcullis/sdk";
const client = createClient({ url: "http://127.0.0.1:3000", apiKey: "pcl_" });
export const made: Promise<{ readonly projectId: string }> = client.projects.create.mutate({ name: "Handbook" });
// @ts-expect-error this input has no such field
export const refused = client.projects.create.mutate({ colour: "red" });
`,
    );
    const compiler = join(root, "node_modules/typescript/bin/tsc");
    for (const resolution of ["nodenext", "bundler"]) {
      const module = resolution === "bundler" ? "esnext" : resolution;
      const words = ["--strict", "--skipLibCheck", "--noEmit", "--module", module, "--moduleResolution", resolution];
      const { status, stdout } = spawnSync(process.execPath, [compiler, ...words, "--types", "", "main.mts"], {
        cwd: join(folder, "consumer"),
        encoding: "utf8",
      });
      expect([status, stdout], resolution).toEqual([0, ""]);
    }
  });
});
