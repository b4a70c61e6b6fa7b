import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isFull, long } from "../support/length";
import { registerSecret } from "../support/secrets";
import { type StartedProduct, startProduct } from "../support/started-product";

/**
 * Connections that end abruptly, at the product as people start it. Whatever a caller sends and however the connection
 * ends, the process continues, answers, and logs no error.
 */

let product: StartedProduct;
let key: string;

beforeAll(async () => {
  product = await startProduct();
  const created = await product.run("setup", "--email", "ada@example.org", "--organization", "Acme", "--json");
  key = registerSecret((JSON.parse(created) as { apiKey: { key: string } }).apiKey.key);
}, 300_000); // the first start builds the console if it is not built yet
afterAll(() => product.stop());

const host = "host: 127.0.0.1";
const lines = (...all: string[]) => `${all.join("\r\n")}\r\n\r\n`;
const upgrade = (to: string, path = "/", ...more: string[]) =>
  lines(`GET ${path} HTTP/1.1`, host, "connection: Upgrade", `upgrade: ${to}`, ...more);
const post = (path: string, body: string, ...more: string[]) =>
  `${lines(`POST ${path} HTTP/1.1`, host, `x-api-key: ${key}`, "content-type: application/json", ...more)}${body}`;

/** What is sent before the connection ends, by name. */
const openings = (): Record<string, string | Buffer> => ({
  nothing: "",
  "half a request line": "GET /heal",
  "half of the headers": `GET / HTTP/1.1\r\n${host}\r\nx-a`,
  "a health check": lines("GET /healthz HTTP/1.1", host),
  "a call": post("/api/trpc/projects.list", "{}", "content-length: 2"),
  "a call without a key": lines("GET /api/trpc/auth.session HTTP/1.1", host),
  "a page": lines("GET / HTTP/1.1", host),
  ...(isFull ? { "many pages at once": lines("GET / HTTP/1.1", host).repeat(10) } : {}), // pages are expensive
  "a page with a malformed router state": lines("GET / HTTP/1.1", host, "rsc: 1", "next-router-state-tree: %7B"),
  "a body for a page": post("/sign-in", "x", "content-length: 1000"),
  "an upgrade to a WebSocket": upgrade("websocket", "/", "sec-websocket-version: 13", "sec-websocket-key: eA=="),
  "an upgrade at the API": upgrade("h2c", "/api/trpc/projects.list", "http2-settings: AAMAAABkAAQAAP__"),
  "an upgrade followed by bytes": `${upgrade("x")}${"\0".repeat(1_000)}`,
  "an upgrade after a call": post("/api/trpc/projects.list", "{}", "content-length: 2") + upgrade("websocket"),
  "an upgrade after an export": lines("GET /api/audit/export HTTP/1.1", host, `x-api-key: ${key}`) + upgrade("x"),
  "a tunnel": lines("CONNECT 127.0.0.1:22 HTTP/1.1", host),
  "a tunnel followed by bytes": `${lines("CONNECT 127.0.0.1:22 HTTP/1.1", host)}${"\0".repeat(1_000)}`,
  "a tunnel after a page": lines("GET / HTTP/1.1", host) + lines("CONNECT a:1 HTTP/1.1", host),
  "an HTTP/2 preface": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
  "a TLS hello": Buffer.from("16030100c8010000c403030000000000000000000000000000000000", "hex"),
  "another protocol": "SSH-2.0-OpenSSH_9.6\r\n",
  "headers that are too long": lines("GET / HTTP/1.1", host, `x-long: ${"x".repeat(20_000)}`),
  "half of a body": post("/api/trpc/projects.create", '{"name":', "content-length: 100"),
  "half of a large body": post("/api/trpc/projects.create", "x".repeat(70_000), "content-length: 900000"),
  "a body that is too large": post("/api/trpc/projects.create", "x".repeat(70_000), "content-length: 9000000"),
  "a body without a key": `${lines("POST /api/trpc/a HTTP/1.1", host, "content-length: 50000")}${"x".repeat(30_000)}`,
  "half of a form": lines("POST /api/auth/callback/password HTTP/1.1", host, "content-length: 100"),
  "half of a chunk": post("/api/trpc/projects.create", "ffff\r\nx", "transfer-encoding: chunked"),
  "a malformed chunk": post("/api/trpc/projects.create", "zz\r\n\r\n", "transfer-encoding: chunked"),
  "a chunk that is too long": post("/api/trpc/projects.create", `2\r\n{}xxxx\r\n`, "transfer-encoding: chunked"),
  "a body that waits for 100 Continue": post(
    "/api/trpc/projects.create",
    "",
    "content-length: 9",
    "expect: 100-continue",
  ),
  "an unsupported expectation": post("/api/trpc/projects.list", "", "content-length: 2", "expect: tea"),
  "an export": lines("GET /api/audit/export?format=csv HTTP/1.1", host, `x-api-key: ${key}`),
  "a wait": post("/api/trpc/sync.wait", '{"changeId":"chg_0"}', "content-length: 20"),
  "many calls at once": post("/api/trpc/projects.list", "{}", "content-length: 2").repeat(30),
});

const endings: Record<string, (socket: Socket) => void> = {
  "a reset": (socket) => socket.resetAndDestroy(),
  "an orderly end": (socket) => socket.end(),
  "an end that leaves the answer unread": (socket) => socket.pause().destroy(),
};

const delaysMs = [0, 3, 150];

/** How long the server may take to close its side. In a short run, some connections only overlap with others. */
const patienceMs = long(1_500, 100);

/** Opens one connection and ends it. Resolves when it is closed, or when the time for the server has passed. */
async function endAbruptly(opening: string | Buffer, end: (socket: Socket) => void, afterMs: number): Promise<void> {
  const socket = connect(product.port, "127.0.0.1").on("error", () => undefined);
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.once("connect", () => socket.write(opening));
  if (afterMs === 0) await new Promise((resolve) => socket.once("connect", resolve).once("close", resolve));
  else await delay(afterMs);
  end(socket);
  socket.resume();
  await Promise.race([closed, delay(patienceMs)]);
  socket.destroy();
}

async function expectHealthy(): Promise<void> {
  const health = await fetch(`${product.url}/healthz`);
  expect([product.ended(), health.status]).toEqual([null, 200]);
  const failures = product
    .logged()
    .split("\n")
    .filter((line) => /"level":(?:50|60)/.test(line));
  expect(failures).toEqual([]);
}

/** Runs every opening with every ending after every delay, 100 at a time. */
async function endAllAbruptly(): Promise<void> {
  const all = Object.values(openings()).flatMap((opening) =>
    Object.values(endings).flatMap((end) => delaysMs.map((afterMs) => () => endAbruptly(opening, end, afterMs))),
  );
  const next = all[Symbol.iterator]();
  const worker = async () => {
    for (const one of next) await one();
  };
  await Promise.all(Array.from({ length: 100 }, worker));
}

const roundsFor = long(20_000, 0);

describe("a connection that ends abruptly", () => {
  test("an upgrade whose answer is not read does not end the process", async () => {
    for (const [name, end] of Object.entries(endings)) {
      for (const afterMs of delaysMs) await endAbruptly(upgrade("websocket"), end, afterMs);
      expect([name, product.ended()]).toEqual([name, null]);
    }
    await expectHealthy();
  });

  test("an abrupt end before the first page request neither ends the process nor logs an error", async () => {
    const until = performance.now() + roundsFor;
    do await endAllAbruptly();
    while (performance.now() < until);
    await expectHealthy();
  }, 120_000);

  test("an abrupt end after the first page request neither ends the process nor logs an error", async () => {
    expect((await fetch(product.url)).status).toBe(200);
    const until = performance.now() + roundsFor;
    do await endAllAbruptly();
    while (performance.now() < until);
    await expectHealthy();
    expect((await fetch(product.url)).status).toBe(200);
  }, 120_000);

  test.runIf(isFull)("abrupt ends in random order and at random bytes do not end the process", async () => {
    const until = performance.now() + 30_000;
    const pick = <T>(from: readonly T[]): T => from[Math.floor(Math.random() * from.length)] as T;
    const worker = async () => {
      while (performance.now() < until) {
        const whole = Buffer.from(pick(Object.values(openings())));
        const cut = whole.subarray(0, Math.ceil(Math.random() * whole.length));
        await endAbruptly(cut, pick(Object.values(endings)), pick(delaysMs) * Math.random());
      }
    };
    await Promise.all(Array.from({ length: 60 }, worker));
    await expectHealthy();
  });

  test("the process answers normally after all abrupt ends", async () => {
    await expect
      .poll(async () => (await fetch(`${product.url}/api/trpc/auth.providers`)).status, { timeout: 10_000 })
      .toBe(200);
  });

  test.runIf(isFull)(
    "400 connections that hold 900 KiB each do not use memory in proportion to their bodies",
    async () => {
      const before = await product.residentBytes();
      const body = Buffer.alloc(900 * 1_024, "x");
      const head = lines("POST /api/trpc/projects.create HTTP/1.1", host, "transfer-encoding: chunked");
      const opening = Buffer.concat([Buffer.from(`${head}${(2 ** 20).toString(16)}\r\n`), body]);
      const sockets = Array.from({ length: 400 }, () => {
        const socket = connect(product.port, "127.0.0.1").on("error", () => undefined);
        socket.write(opening);
        return socket;
      });
      let most = 0;
      for (let at = 0; at < 20; at++) {
        await delay(250);
        most = Math.max(most, await product.residentBytes());
      }
      for (const socket of sockets) socket.destroy();
      expect(most - before).toBeLessThan(120 * 1_024 * 1_024); // without the bound, all bodies took 396 MB
      await expectHealthy();
    },
  );

  test("closing the reader of standard output and standard error does not end the process", async () => {
    product.closeOutput();
    for (let at = 0; at < 20; at++) await fetch(`${product.url}/api/trpc/auth.providers`);
    await delay(50);
    expect((await fetch(`${product.url}/healthz`)).status).toBe(200);
    expect(product.ended()).toBeNull();
  });
});
