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
  NODE_ENV: "test" as const, // the command sets its own
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
  said(): string;
  logged(): string;
  readonly ended: Promise<number | string>;
}

/** Starts the command as a person would, and waits until it has said Traefik's command. */
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
  return { child, url, said: () => out, logged: () => error, ended };
}

const run = (...words: string[]) => promisify(execFile)(process.execPath, [command, ...words], { env: environment });

const ask = (url: string, key: string | null) =>
  fetch(`${url}/api/trpc/security.one`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(key === null ? {} : { "x-api-key": key }) },
    body: '{"securityId":"sec_0"}',
  });

afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

// The life of one process: each test goes on where the one before it ended.
describe("npm start", { shuffle: false }, () => {
  let started: Started;
  beforeAll(async () => {
    started = await start();
  }); // it builds the console, where that was not done before

  test("says where it is, how to set it up, and Traefik's command with absolute paths last", () => {
    const lines = started.said().trimEnd().split("\n");
    const config = join(data, "gateways", "local", "traefik.yml");
    expect(lines.at(-1)?.trim()).toBe(`traefik --configFile=${config}`);
    expect(lines.join("\n")).toContain("npx --no portcullis setup --email");
    expect(lines.filter((line) => new RegExp(`^  ${started.url}/setup#[\\w-]{43}$`).test(line))).toHaveLength(1);
    expect(readFileSync(config, "utf8")).toContain(join(data, "gateways", "local", "dynamic"));
    expect(existsSync(join(data, "gateways", "local", "dynamic", "0-portcullis"))).toBe(true);
  });

  test("serves the API, the two questions, and a first page that knows no tenant", async () => {
    expect((await fetch(`${started.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${started.url}/readyz`)).status).toBe(200);
    expect((await ask(started.url, null)).status).toBe(401);
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
  ])("answers %s neither by the API nor by Next's route to it", async (path) => {
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
    ["a router state that is none", { rsc: "1", "next-router-state-tree": "%7B" }, 400],
    ["a router state for a page", { rsc: "1", "next-router-state-tree": encodeURIComponent('["",{},null,null]') }, 200],
    ["a header of Next's hosting platform", { "x-matched-path": "/api/trpc/auth.providers" }, 200],
    ["an action that is none", { "next-action": "x" }, 200],
  ])("answers a page with %s as the browser deserves it, never with 500", async (_title, headers, status) => {
    expect((await fetch(`${started.url}/sign-in`, { headers: headers as Record<string, string> })).status).toBe(status);
  });

  test("takes no form at a page", async () => {
    const answer = await fetch(`${started.url}/sign-in`, { method: "POST", body: "a=b" });
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  test("setup prints one line of JSON, works once, and is one line on standard error the second time", async () => {
    const { stdout, stderr } = await run("setup", "--email", "ada@example.org", "--organization", "Acme", "--json");
    expect(stderr).toBe("");
    const made = JSON.parse(stdout) as { organizationId: string; apiKey: { key: string }; setupUrl: string };
    registerSecret(made.apiKey.key);
    expect(Object.keys(made)).toEqual(["organizationId", "userId", "apiKey", "setupUrl"]);
    expect(made.setupUrl).toMatch(new RegExp(`^${started.url}/setup#[\\w-]{43}$`));
    await expect(run("setup", "--email", "ada@example.org", "--organization", "Acme", "--json")).rejects.toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(/^portcullis: .+\n$/),
    });
    expect((await ask(started.url, made.apiKey.key)).status).toBe(404); // known, and there is no such object
    expect(started.logged()).not.toContain(made.apiKey.key);
  });

  test("a second one on the same folder ends with one line that names the first", async () => {
    await expect(run("start")).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(new RegExp(`^portcullis: .*in use by process ${started.child.pid}\\n$`)),
    });
  });

  test("ends with 0 on SIGTERM (after 9.5 s it would end itself with 1), and leaves nothing that keeps the next one from starting", async () => {
    started.child.kill("SIGTERM");
    expect(await started.ended).toBe(0);
    expect(existsSync(join(data, "control.sock"))).toBe(false);
  });

  test("starts again after kill -9, in its state of before, and does not ask for a setup", async () => {
    const second = await start();
    expect(second.said()).not.toContain("portcullis setup");
    second.child.kill("SIGKILL");
    await second.ended;
    const third = await start();
    expect((await fetch(`${third.url}/readyz`)).status).toBe(200);
    third.child.kill("SIGTERM");
    expect(await third.ended).toBe(0);
  });
});

describe("a wrong setting", () => {
  test("ends the start with one line that names it, and 1", async () => {
    const wrong = promisify(execFile)(process.execPath, [command, "start"], { env: { ...environment, PORT: "http" } });
    await expect(wrong).rejects.toMatchObject({
      code: 1,
      stderr: 'portcullis: PORT must be a whole number from 0 to 65535, and is "http"\n',
    });
  });
});
