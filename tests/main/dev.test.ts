import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { layEmbeddedDatabase } from "../support/embedded-template";
import { freePort } from "../support/free-port";

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "pcl-"));
const clone = join(folder, "clone");
const health = join(clone, "src/http/health.ts");
const unchanged = readFileSync(join(root, "src/http/health.ts"), "utf8");

let child: ChildProcess;
let ended: Promise<unknown[]>;
let said = "";
let port: number;

/** Saves as editors do, in one step: a file that is written in place is empty for a moment, and that is a change too. */
function save(path: string, text: string): void {
  writeFileSync(`${path}.unfinished`, text);
  renameSync(`${path}.unfinished`, path);
}

/** Saves the source of `/healthz` with another answer. */
function answerWith(word: string): void {
  const changed = unchanged.replace(': "ok" });', `: "${word}" });`);
  if (changed === unchanged) throw new Error(`${health} has another form than this test expects`);
  save(health, changed);
}

/** What `/healthz` answers; null while no server does. */
async function answered(): Promise<string | null> {
  const response = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => null);
  return response === null ? null : ((await response.json()) as { status: string }).status;
}

/** Pids of the servers that it has started and that are there now; the bundler is a child too. */
function servers(): string[] {
  const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim().split(" ");
  return children.filter((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("dev-server.mjs"));
}

function isAlive(pid: string | number): boolean {
  try {
    return process.kill(Number(pid), 0);
  } catch {
    return false;
  }
}

beforeAll(async () => {
  for (const path of [
    "bin",
    "drizzle",
    "migrations",
    "package.json",
    "package-lock.json",
    "patches",
    "src",
    "tsconfig.json",
  ]) {
    cpSync(join(root, path), join(clone, path), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(clone, "node_modules"));
  await layEmbeddedDatabase(join(folder, "data"));
  port = await freePort();
  const { PATH, HOME } = process.env;
  writeFileSync(
    join(clone, ".env"),
    `PORT=${port}\nPORTCULLIS_DATA=${join(folder, "data")}\nPORTCULLIS_GATEWAY_PROBE_ADDRESS=127.0.0.1:9\n`,
  );
  child = spawn(process.execPath, [join(clone, "bin/portcullis.mjs"), "dev"], {
    cwd: folder,
    env: { PATH, HOME, NODE_ENV: "test" },
    stdio: "pipe",
    detached: true, // a process group of its own, as in a terminal
  });
  ended = once(child, "exit");
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (text) => (said += text));
});
afterAll(() => {
  if (child.pid !== undefined && isAlive(child.pid)) process.kill(-child.pid, "SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

// The life of one process: each test goes on where the one before it ended.
describe.runIf(process.platform === "linux")("npm run dev", { shuffle: false }, () => {
  test("serves what the sources say", async () => {
    await expect.poll(answered).toBe("ok");
    expect(servers()).toHaveLength(1);
  });

  test("starts the server again after a change on its side, on the same port and data, when the former one has ended", async () => {
    const [former = ""] = servers();
    answerWith("changed");
    await expect.poll(answered).toBe("changed");
    expect(servers()).toHaveLength(1);
    expect(isAlive(former)).toBe(false);
  });

  test("leaves the server alone when its sources cannot be built, says where the error is, and goes on after it is mended", async () => {
    const before = servers();
    save(health, `${unchanged}\nconst = 1;\n`);
    await expect.poll(() => said).toMatch(/health\.ts:\d+:\d+:[\s\S]*cannot be built/);
    expect(await answered()).toBe("changed");
    expect(servers()).toEqual(before);
    answerWith("mended");
    await expect.poll(answered).toBe("mended");
  });

  test("waits for the next change when the server ends by itself", async () => {
    const environment = readFileSync(join(clone, ".env"), "utf8");
    save(join(clone, ".env"), `${environment}PORTCULLIS_LOG_LEVEL=loud\n`);
    await expect.poll(() => said).toContain("PORTCULLIS_LOG_LEVEL must be");
    await expect.poll(() => said).toContain("The server has ended (1)");
    expect(isAlive(child.pid ?? 0)).toBe(true);
    save(join(clone, ".env"), environment);
    await expect.poll(answered).toBe("mended");
  });

  test("does not start again after a change of a page, of a comment, or of nothing", async () => {
    const before = servers();
    const [name = ""] = readdirSync(join(clone, "dist")).filter((entry) => entry.startsWith("dev-"));
    const builtAt = () => statSync(join(clone, "dist", name, "server.mjs")).mtimeMs;
    save(join(clone, "src/console/first-page.tsx"), "export const changed = 1;\n");
    for (const [path, addition] of [
      [health, "\n// a comment\n"],
      [join(clone, ".env"), ""],
    ] as const) {
      const former = builtAt();
      save(path, `${readFileSync(path, "utf8")}${addition}`);
      await expect.poll(builtAt).toBeGreaterThan(former);
    }
    expect(await answered()).toBe("mended");
    expect(servers()).toEqual(before);
  });

  test("ends on Ctrl-C with the server, frees the port and leaves no build behind", async () => {
    const [server = ""] = servers();
    process.kill(-(child.pid ?? 0), "SIGINT"); // as a terminal does: to the whole group
    expect(await ended).toEqual([0, null]);
    expect(isAlive(server)).toBe(false);
    expect(await answered()).toBeNull();
    expect(readdirSync(join(clone, "dist")).filter((name) => name.startsWith("dev-"))).toEqual([]);
    expect(readdirSync(join(folder, "data"))).not.toContain("control.sock");
  });
});
