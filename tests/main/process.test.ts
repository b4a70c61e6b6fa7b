import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { registerSecret } from "../support/secrets";

const folder = mkdtempSync(join(tmpdir(), "pcl-"));
const data = join(folder, "data");
const command = join(import.meta.dirname, "../../bin/portcullis.mjs");
const environment = {
  NODE_ENV: "test" as const, // the command sets its own value
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  PORTCULLIS_DATA: data,
  PORT: "0",
  PORTCULLIS_GATEWAY_PROBE_ADDRESS: "127.0.0.1:9",
};
const children: ChildProcess[] = [];

interface Started {
  readonly child: ChildProcess;
  readonly url: string;
  /** Standard output so far. */
  output(): string;
  errorOutput(): string;
  readonly ended: Promise<number | string>;
}

/** Starts the command and waits until it has printed the Traefik command. */
async function start(): Promise<Started> {
  const child = spawn(process.execPath, [command, "start"], { env: environment, cwd: folder, stdio: "pipe" });
  children.push(child);
  let out = "";
  let error = "";
  const ended = once(child, "close").then(([code, signal]): number | string => code ?? signal);
  await new Promise<void>((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
      if (out.includes("--configFile=")) resolve();
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      error += text;
    });
    ended.then((code) => reject(new Error(`it ended with ${code}: ${error}`)));
  });
  const [, url = ""] = /Portcullis is at (\S+)/.exec(out) ?? [];
  return { child, url, output: () => out, errorOutput: () => error, ended };
}

const run = (...args: string[]) => promisify(execFile)(process.execPath, [command, ...args], { env: environment });

const readCredential = (url: string, key: string | null) =>
  fetch(`${url}/api/trpc/security.one`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(key === null ? {} : { "x-api-key": key }) },
    body: '{"securityId":"sec_0"}',
  });

afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

// These tests follow the life of one process: each test continues where the previous one ended.
describe("npm start", { shuffle: false }, () => {
  let started: Started;
  beforeAll(async () => {
    started = await start();
  }); // the first start builds the console if it is not built yet

  test("a first start prints its URL, how to set it up, and the Traefik command with absolute paths", () => {
    const lines = started.output().trimEnd().split("\n");
    const config = join(data, "gateways", "local", "traefik.yml");
    expect(lines.at(-1)?.trim()).toBe(`traefik --configFile=${config}`);
    expect(lines.join("\n")).toContain("npx --no portcullis setup --email");
    expect(lines.filter((line) => new RegExp(`^  ${started.url}/setup#[\\w-]{43}$`).test(line))).toHaveLength(1);
    expect(readFileSync(config, "utf8")).toContain(join(data, "gateways", "local", "dynamic"));
    expect(existsSync(join(data, "gateways", "local", "dynamic", "0-portcullis"))).toBe(true);
  });

  test("a fresh start serves the API, the health checks and a first page without tenant data", async () => {
    expect((await fetch(`${started.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${started.url}/readyz`)).status).toBe(200);
    expect((await readCredential(started.url, null)).status).toBe(401);
    const page = await fetch(started.url);
    expect(page.status).toBe(200);
    expect(page.headers.get("x-frame-options")).toBe("DENY");
    expect(await page.text()).toContain("npx --no portcullis setup");
    expect((await fetch(`${started.url}/nowhere`)).status).toBe(404);
  });

  test.each([
    "/x/../api/trpc/auth.providers",
    "/./api/trpc/auth.providers",
    "/_next/../api/trpc/auth.providers",
    "/x/%2e%2e/api/trpc/auth.providers",
    "//api/trpc/auth.providers",
    "/x\\..\\api/trpc/auth.providers",
    "/%61pi/trpc/auth.providers",
    "/API/trpc/auth.providers",
    "/api%2ftrpc/auth.providers",
    "/_next/image?url=%2Fapi%2Ftrpc%2Fauth.providers&w=16&q=75",
    "/_next/data/x/api/trpc/auth.providers.json",
  ])("the path %s reaches neither the API nor the Next.js route to it", async (path) => {
    const answer = await new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
      request(`${started.url}/`, { path }, async (response) => {
        resolve({ status: response.statusCode, text: Buffer.concat(await response.toArray()).toString() });
      })
        .on("error", reject)
        .end();
    });
    expect([400, 404]).toContain(answer.status);
    expect(answer.text).not.toContain('"result"');
  });

  test.each([
    ["a malformed router state", { rsc: "1", "next-router-state-tree": "%7B" }, 400],
    ["a valid router state", { rsc: "1", "next-router-state-tree": encodeURIComponent('["",{},null,null]') }, 200],
    ["a header of the Next.js hosting platform", { "x-matched-path": "/api/trpc/auth.providers" }, 200],
    ["an unknown server action", { "next-action": "x" }, 200],
  ])("a page request with %s never gets a server error", async (_title, headers, status) => {
    expect((await fetch(`${started.url}/sign-in`, { headers: headers as Record<string, string> })).status).toBe(status);
  });

  test("a form posted to a page gets 405", async () => {
    const answer = await fetch(`${started.url}/sign-in`, { method: "POST", body: "a=b" });
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  test("setup works once and prints one line of JSON, and the second time one line on standard error", async () => {
    const { stdout, stderr } = await run("setup", "--email", "ada@example.org", "--organization", "Acme", "--json");
    expect(stderr).toBe("");
    const created = JSON.parse(stdout) as { organizationId: string; apiKey: { key: string }; setupUrl: string };
    registerSecret(created.apiKey.key);
    expect(Object.keys(created)).toEqual(["organizationId", "userId", "apiKey", "setupUrl"]);
    expect(created.setupUrl).toMatch(new RegExp(`^${started.url}/setup#[\\w-]{43}$`));
    await expect(run("setup", "--email", "ada@example.org", "--organization", "Acme", "--json")).rejects.toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(/^portcullis: .+\n$/),
    });
    expect((await readCredential(started.url, created.apiKey.key)).status).toBe(404); // only the object is unknown
    expect(started.errorOutput()).not.toContain(created.apiKey.key);
  });

  test("a second process on the same folder ends with one line that names the first", async () => {
    await expect(run("start")).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(new RegExp(`^portcullis: .*in use by process ${started.child.pid}\\n$`)),
    });
  });

  test("SIGTERM ends the process with 0 (after 9.5 s it would exit with 1) and removes its control socket", async () => {
    started.child.kill("SIGTERM");
    expect(await started.ended).toBe(0);
    expect(existsSync(join(data, "control.sock"))).toBe(false);
  });

  test("a start after kill -9 continues with the previous state and does not ask for a setup", async () => {
    const second = await start();
    expect(second.output()).not.toContain("portcullis setup");
    second.child.kill("SIGKILL");
    await second.ended;
    const third = await start();
    expect((await fetch(`${third.url}/readyz`)).status).toBe(200);
    third.child.kill("SIGTERM");
    expect(await third.ended).toBe(0);
  });
});

describe("an invalid setting", () => {
  test("an invalid setting ends the start with 1 and one line that names it", async () => {
    const wrong = promisify(execFile)(process.execPath, [command, "start"], { env: { ...environment, PORT: "http" } });
    await expect(wrong).rejects.toMatchObject({
      code: 1,
      stderr: 'portcullis: PORT must be a whole number from 0 to 65535, and is "http"\n',
    });
  });
});
