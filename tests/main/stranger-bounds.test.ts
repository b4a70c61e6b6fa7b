import { once } from "node:events";
import { connect, type Socket } from "node:net";
import pino from "pino";
import { afterEach, describe, expect, test } from "vitest";
import type { ArrivingBody } from "#src/http/readable-request";
import { ArrivingRequest, readableRequest } from "#src/http/readable-request";
import { type HttpServer, listen } from "#src/http/server/http-server";
import type { ServerBounds } from "#src/http/server/server-bounds";
import { handlerWith, type PlantedApi } from "../support/planted-api";

const host = "127.0.0.1";
const kib = 1024;
let logged = "";
const write = (line: string) => {
  logged += line;
};
const log = pino({ level: "debug" }, { write });
const open: HttpServer[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(open.splice(0).map((server) => server.close(0)));
  logged = "";
});

/** Reads a body as the API does: a small one at once, a large one after the caller is known. */
const reading =
  (recognize: () => Promise<string> = () => new Promise<string>(() => undefined)): PlantedApi =>
  async (request) => {
    const text = await (await readableRequest(request, recognize)).text();
    return Response.json({ length: text.length });
  };

async function serve(api: PlantedApi, bounds: Partial<ServerBounds> = {}, trustedProxies: string[] = []) {
  const server = await listen({ host, port: 0, log, bounds, trustedProxies });
  open.push(server);
  const reached: string[] = [];
  server.serve({
    handler: handlerWith((request, info) => {
      reached.push(new URL(request.url).pathname);
      return api(request, info);
    }),
    pages: (request, response) => {
      reached.push(`page ${request.url}`);
      response.end("page");
    },
  });
  return { server, reached };
}

/** Opens a connection and sends exactly this text. */
async function openAndSend(server: HttpServer, text: string | Buffer): Promise<Socket> {
  const socket = connect(server.port, host).on("error", () => undefined);
  sockets.push(socket);
  await once(socket, "connect");
  socket.write(text);
  return socket;
}

/** Sends the text and returns everything that is received until the connection ends. */
async function responseTo(server: HttpServer, text: string | Buffer): Promise<string> {
  const socket = await openAndSend(server, text);
  const parts: Buffer[] = [];
  socket.on("data", (part) => parts.push(part));
  await once(socket, "close");
  return Buffer.concat(parts).toString();
}

const get = (target: string, ...headers: string[]) =>
  ["GET", target, "HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"].join(" ") + [...headers, "\r\n"].join("\r\n");
const post = (body: string, ...headers: string[]) =>
  `POST /api/x HTTP/1.1\r\n${["host: x", ...headers].join("\r\n")}\r\n\r\n${body}`;

describe("an unusual request target", () => {
  test.each([
    "/x/../api/trpc/security.one",
    "/./api/trpc/security.one",
    "/_next/../api/trpc/security.one",
    "/x/%2e%2e/api/trpc/security.one",
    "/x/.%2E/api/trpc/security.one",
    "//api/trpc/security.one",
    "/api//trpc/security.one",
    "/\\api/trpc/security.one",
    "/x\\..\\api/trpc/security.one",
    "/api%2ftrpc/security.one",
    "/%61pi/trpc/security.one",
    "/api/trpc/security%2eone",
    "/api/trpc/security.one%00",
    "/api/trpc/security.one#x",
    "http://127.0.0.1/api/trpc/security.one",
    "http://evil.example/healthz",
    "*",
  ])("the path %s gets 400, reaches neither the API nor the pages, and is logged", async (target) => {
    const { server, reached } = await serve(async () => Response.json({}));
    expect(await responseTo(server, get(target))).toMatch(/^HTTP\/1\.1 400 /);
    expect(reached).toEqual([]);
    await expect.poll(() => logged).toMatch(/"path":"unknown","status":400.*"answered"/);
  });

  test("a path that is too long gets 414", async () => {
    const { server } = await serve(async () => Response.json({}));
    expect(await responseTo(server, get(`/${"a".repeat(2_000)}`))).toMatch(/^HTTP\/1\.1 414 /);
  });

  test.each(["/API/trpc/security.one", "/Healthz", "/apis/trpc/security.one", "/x?/../api/trpc/security.one"])(
    "the path %s is handled by the pages",
    async (target) => {
      const { server, reached } = await serve(async () => Response.json({}));
      expect(await responseTo(server, get(target))).toMatch(/^HTTP\/1\.1 200 /);
      expect(reached).toEqual([`page ${target}`]);
    },
  );

  test.each([
    ["twice with the same value", "GET /healthz HTTP/1.1\r\nhost: a\r\nhost: a\r\nconnection: close\r\n\r\n", 200],
    ["twice with different values", "GET /api/x HTTP/1.1\r\nhost: a\r\nhost: b\r\nconnection: close\r\n\r\n", 400],
    ["not at all", "GET /api/x HTTP/1.1\r\nconnection: close\r\n\r\n", 400],
    ["not at all in HTTP/1.0", "GET /api/x HTTP/1.0\r\n\r\n", 200],
  ])("a request that names its host %s is answered as HTTP requires", async (_title, request, status) => {
    const { server } = await serve(async () => Response.json({}));
    const answer = await responseTo(server, request);
    expect(Number(answer.slice(9, 12))).toBe(status);
    expect(answer).toMatch(/x-frame-options: DENY/i);
  });
});

describe("request bodies in progress", () => {
  test("bodies of 400 anonymous connections use no more memory than their bound", async () => {
    const bounds = { total: 2 * kib * kib, perOwner: kib * kib };
    let giveUp: () => void = () => undefined;
    const unknown = new Promise<string>((_, reject) => {
      giveUp = () => reject(new Error("the caller is unknown"));
    });
    unknown.catch(() => undefined);
    const { server } = await serve(
      reading(() => unknown),
      { bodies: { strangers: bounds, known: bounds } },
    );
    const body = "x".repeat(30 * kib);
    const headers = ["transfer-encoding: chunked"];
    const chunk = Buffer.from(post(`fffff\r\n${body}`, ...headers));
    let most = 0;
    for (let at = 0; at < 400; at += 50) {
      await Promise.all(Array.from({ length: 50 }, () => openAndSend(server, chunk)));
      most = Math.max(most, server.bodyBytes);
    }
    await expect.poll(() => server.bodyBytes).toBeGreaterThan(0);
    expect(Math.max(most, server.bodyBytes)).toBeLessThanOrEqual(bounds.perOwner);
    expect((await fetch(`http://${host}:${server.port}/healthz`)).status).toBe(200);
    for (const socket of sockets.splice(0)) socket.destroy();
    giveUp();
    await expect.poll(() => server.bodyBytes).toBe(0);
  });

  test("a large body is not read before the caller is known", async () => {
    let recognize: (organizationId: string) => void = () => undefined;
    const known = new Promise<string>((resolve) => {
      recognize = resolve;
    });
    const { server } = await serve(reading(() => known));
    const socket = await openAndSend(server, post("x".repeat(200 * kib), `content-length: ${200 * kib}`));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(server.bodyBytes).toBe(0);
    recognize("org_a");
    const [answer] = await once(socket, "data");
    expect(answer.toString()).toContain(`{"length":${200 * kib}}`);
    await expect.poll(() => server.bodyBytes).toBe(0);
  });

  test("a body that exceeds the memory bound gets 503 with Retry-After", async () => {
    const none = { total: 10, perOwner: 10 };
    const { server } = await serve(reading(), { bodies: { strangers: none, known: none } });
    const answer = await responseTo(server, post("x".repeat(11), "content-length: 11", "connection: close"));
    expect(answer).toMatch(/^HTTP\/1\.1 503 .*retry-after: 1.*"reason":"overloaded"/is);
    expect(server.bodyBytes).toBe(0);
  });

  test("bodies are counted by the address that a trusted proxy reports", async () => {
    const bounds = { total: 100, perOwner: 30 };
    const { server } = await serve(reading(), { bodies: { strangers: bounds, known: bounds } }, [host]);
    const from = (address: string) => post("x".repeat(20), "content-length: 21", `x-forwarded-for: ${address}`);
    await openAndSend(server, from("203.0.113.7"));
    await openAndSend(server, from("203.0.113.8:4711"));
    await expect.poll(() => server.bodyBytes).toBe(40);
    const [refused] = await once(await openAndSend(server, from("203.0.113.7:4712")), "data");
    expect(refused.toString()).toMatch(/^HTTP\/1\.1 503 /);
  });

  test("a body that arrives too slowly gets 408", async () => {
    const { server } = await serve(reading(), { bodyPace: { graceMs: 30, bytesPerSecond: 100_000 } });
    expect(await responseTo(server, post("x", "content-length: 100"))).toMatch(/^HTTP\/1\.1 408 .*body_too_slow/s);
    expect(server.bodyBytes).toBe(0);
  });

  test("a body whose caller disconnects is not logged as a warning or error", async () => {
    const { server } = await serve(reading());
    for (const end of ["destroy", "resetAndDestroy", "end"] as const) {
      const socket = await openAndSend(server, post("x".repeat(50), "content-length: 100"));
      await expect.poll(() => server.bodyBytes).toBe(50);
      socket[end]();
      await expect.poll(() => server.bodyBytes).toBe(0);
    }
    expect(logged).not.toMatch(/"level":(?:40|50|60)/);
  });

  test("100 Continue is sent only when the API reads the body", async () => {
    const { server } = await serve(async (request) =>
      request.headers.has("x-read") ? reading()(request, { ip: null }) : Response.json({}, { status: 401 }),
    );
    const expecting = ["content-length: 2", "expect: 100-continue"];
    const [refused] = await once(await openAndSend(server, post("", ...expecting)), "data");
    expect(refused.toString()).toMatch(/^HTTP\/1\.1 401 /);
    const [continued] = await once(await openAndSend(server, post("", ...expecting, "x-read: 1")), "data");
    expect(continued.toString()).toMatch(/^HTTP\/1\.1 100 /);
    const unsupported = await responseTo(server, post("", "content-length: 2", "expect: tea"));
    expect(unsupported).toMatch(/^HTTP\/1\.1 417 .*x-frame-options: DENY/is);
  });

  test("a body is read in steps, each no further than requested", async () => {
    const seen: number[] = [];
    const { server } = await serve(async (request) => {
      const body: ArrivingBody | null = request instanceof ArrivingRequest ? request.arriving : null;
      for (const limit of [10, 100_000]) seen.push((await body?.read(limit))?.bytes.length ?? -1);
      return Response.json({});
    });
    const socket = await openAndSend(server, post("x".repeat(20), "content-length: 30"));
    await expect.poll(() => seen).toEqual([20]);
    socket.write("y".repeat(10));
    await expect.poll(() => seen).toEqual([20, 30]);
  });
});

describe("connections", () => {
  const few = { connections: { total: 5, perOwner: 5 } };

  test("connections beyond the bound get 503 with Retry-After and are closed, and /healthz is answered", async () => {
    const { server } = await serve(async () => Response.json({}), few);
    for (let at = 0; at < 5; at++) await openAndSend(server, "GET /api/x HT");
    const refused = await responseTo(server, "GET /api/x HTTP/1.1\r\nhost: x\r\n\r\n");
    expect(refused).toMatch(/^HTTP\/1\.1 503 .*retry-after: 1.*"reason":"overloaded"/is);
    const healthy = await responseTo(server, "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
    expect(healthy).toMatch(/^HTTP\/1\.1 200 .*connection: close/is);
    for (const socket of sockets.splice(0)) socket.destroy();
    await expect
      .poll(async () => (await fetch(`http://${host}:${server.port}/api/x`)).status, { interval: 10 })
      .toBe(200);
  });

  test("connections of one address leave room for other addresses", async () => {
    const { server } = await serve(async () => Response.json({}), { connections: { total: 10, perOwner: 2 } });
    for (let at = 0; at < 2; at++) await openAndSend(server, "GET /api/x HT");
    expect(await responseTo(server, get("/api/x"))).toMatch(/^HTTP\/1\.1 503 /);
    const other = connect({ port: server.port, host, localAddress: "127.0.0.2" });
    other.on("error", () => undefined);
    sockets.push(other);
    other.write(get("/api/x"));
    const first = await Promise.race([once(other, "data"), once(other, "error")]);
    if (Buffer.isBuffer(first[0])) expect(first[0].toString()).toMatch(/^HTTP\/1\.1 200 /); // macOS has no 127.0.0.2
  });

  test("connections of a trusted proxy have no per-address limit, because many callers share them", async () => {
    const bounds = { connections: { total: 10, perOwner: 2 } };
    const { server } = await serve(async () => Response.json({}), bounds, [host]);
    for (let at = 0; at < 9; at++) await openAndSend(server, "GET /api/x HT");
    expect(await responseTo(server, get("/api/x"))).toMatch(/^HTTP\/1\.1 200 /);
    await openAndSend(server, "GET /api/x HT");
    await expect.poll(() => responseTo(server, get("/api/x")), { interval: 10 }).toMatch(/^HTTP\/1\.1 503 /);
  });

  test("the oldest connection beyond the bound is closed for a new one", async () => {
    const { server } = await serve(async () => Response.json({}), { connections: { total: 1, perOwner: 1 } });
    await openAndSend(server, "");
    const oldest = await openAndSend(server, "");
    const closed = once(oldest, "close");
    for (let at = 0; at < 64; at++) await openAndSend(server, "");
    await closed;
    expect(await responseTo(server, get("/healthz"))).toMatch(/^HTTP\/1\.1 200 /);
  });

  test("a connection without a complete request is closed in time", async () => {
    const { server } = await serve(async () => Response.json({}), { headersMs: 50 });
    expect(await responseTo(server, "")).toMatch(/^(?:HTTP\/1\.1 408 .*)?$/s);
    expect(await responseTo(server, "GET /api/x HTTP/1.1\r\nhost: x\r\n")).toMatch(/^HTTP\/1\.1 408 /);
  });

  test("a connection that ends aborts the signals of all its pipelined requests", async () => {
    const aborted: string[] = [];
    const { server } = await serve(
      (request) =>
        new Promise(() => {
          request.signal.addEventListener("abort", () => aborted.push(new URL(request.url).search));
        }),
    );
    const request = (name: string) => `GET /api/x?${name} HTTP/1.1\r\nhost: x\r\n\r\n`;
    const socket = await openAndSend(server, request("a") + request("b") + request("c"));
    await expect.poll(() => server.bodyBytes).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.resetAndDestroy();
    await expect.poll(() => aborted.sort()).toEqual(["?a", "?b", "?c"]);
  });

  test("an upgrade after a request aborts the signal of that request", async () => {
    let isAborted = false;
    const { server } = await serve(
      (request) =>
        new Promise(() => {
          request.signal.addEventListener("abort", () => {
            isAborted = true;
          });
        }),
    );
    const upgrade = "GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n";
    expect(await responseTo(server, `GET /api/x HTTP/1.1\r\nhost: x\r\n\r\n${upgrade}`)).toBe("");
    expect(isAborted).toBe(true);
  });

  test("a CONNECT request gets 405", async () => {
    const { server } = await serve(async () => Response.json({}));
    expect(await responseTo(server, "CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n")).toMatch(/^HTTP\/1\.1 405 /);
  });
});

describe("pages", () => {
  test("concurrent pages beyond the bound get 503 with Retry-After until one of them ends", async () => {
    const server = await listen({ host, port: 0, log, bounds: { pages: { total: 2, perOwner: 2 } } });
    open.push(server);
    const held: (() => void)[] = [];
    server.serve({
      handler: handlerWith(reading()),
      pages: (_request, response) => void held.push(() => response.end("page")),
    });
    const url = `http://${host}:${server.port}/`;
    const first = [fetch(url), fetch(url)];
    await expect.poll(() => held.length).toBe(2);
    const refused = await fetch(url);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    for (const answer of held.splice(0)) answer();
    expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200]);
    const next = fetch(url);
    await expect.poll(() => held.length).toBe(1);
    held[0]?.();
    expect((await next).status).toBe(200);
  });
});
