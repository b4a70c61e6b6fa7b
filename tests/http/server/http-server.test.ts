import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { setTimeout } from "node:timers/promises";
import pino from "pino";
import { afterEach, describe, expect, test } from "vitest";
import { features } from "#src/features/all";
import { mountsOf } from "#src/http/mounts";
import { type HttpServer, listen } from "#src/http/server/http-server";
import type { TransportSecurity } from "#src/http/server/security-headers";
import { StartFailure } from "#src/platform/start-failure";
import { handlerOfMounts, handlerWith, type PlantedApi } from "#tests/support/planted-api";

const host = "127.0.0.1";
const lines: string[] = [];
const log = pino({ level: "debug" }, { write: (line: string) => void lines.push(line) });
const open: HttpServer[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close(0)));
  lines.length = 0;
});

async function serverWith(
  api: PlantedApi | null,
  options: { secure?: TransportSecurity } = {},
): Promise<{ server: HttpServer; url: string }> {
  const server = await listen({ host, port: 0, log, ...options });
  open.push(server);
  if (api)
    server.serve({ handler: handlerWith(api), pages: (request, response) => response.end(`page ${request.url}`) });
  return { server, url: `http://${host}:${server.port}` };
}

/** Sends exactly this text and returns everything that is received until the connection ends. */
async function answerOf(server: HttpServer, text: string): Promise<string> {
  const socket = connect(server.port, host);
  socket.end(text);
  return Buffer.concat(await socket.toArray()).toString();
}

const echo: PlantedApi = async (request, { ip }) =>
  Response.json({ url: request.url, method: request.method, ip, text: await request.text() });

describe("the HTTP server", () => {
  test("the server answers 503 until it serves, and /healthz answers 200", async () => {
    const { server, url } = await serverWith(null);
    const early = await fetch(`${url}/api/trpc/security.one`);
    expect(early.status).toBe(503);
    expect(early.headers.get("retry-after")).toBe("1");
    expect(await early.json()).toMatchObject({ error: { data: { reason: "starting" } } });
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    server.serve({ handler: handlerWith(echo), pages: (_request, response) => response.end() });
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });

  test("API requests reach the handler with the peer address, and all others reach the pages", async () => {
    const { url } = await serverWith(echo);
    const answer = await fetch(`${url}/api/trpc/security.create?x=1`, { method: "POST", body: "{}" });
    expect(await answer.json()).toMatchObject({ method: "POST", ip: "127.0.0.1", text: "{}" });
    expect(await (await fetch(`${url}/somewhere?x=1`)).text()).toBe("page /somewhere?x=1");
    expect(await (await fetch(`${url}/apikeys`)).text()).toBe("page /apikeys");
  });

  test("every response has the security headers and a request id", async () => {
    const { url } = await serverWith(async () => {
      throw new Error("a secret: hunter2");
    });
    for (const path of ["/", "/api/x", "/healthz"]) {
      const { headers } = await fetch(url + path);
      expect(headers.get("x-frame-options")).toBe("DENY");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("referrer-policy")).toBe("same-origin");
      expect(headers.get("x-request-id")).toMatch(/^req_/);
    }
  });

  test("responses to invalid and early requests have the security headers too (AM-19..23)", async () => {
    const { server } = await serverWith(null, { secure: { includeSubdomains: false } });
    const answers = await Promise.all(
      [
        "GET /x HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", // 503, because it does not serve yet
        "GET http://evil.example/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        "this is not HTTP\r\n\r\n", // 400, from the parser of Node.js
        `GET /x HTTP/1.1\r\nhost: x\r\nx-long: ${"x".repeat(20_000)}\r\n\r\n`, // 431
        "GET /x HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
      ].map(async (request) => {
        const socket = connect(server.port, host);
        socket.end(request);
        return Buffer.concat(await socket.toArray()).toString();
      }),
    );
    expect(answers.map((answer) => answer.slice(9, 12))).toEqual(["503", "503", "400", "431", "400"]);
    for (const answer of answers) {
      expect(answer).toMatch(/^x-frame-options: DENY\r$/im);
      expect(answer).toMatch(/^x-content-type-options: nosniff\r$/im);
      expect(answer).toMatch(/^referrer-policy: same-origin\r$/im);
      expect(answer).toMatch(/^permissions-policy: .*camera=\(\)/im);
      expect(answer).toMatch(/^content-security-policy: default-src 'none'; .*frame-ancestors 'none'\r$/im);
      expect(answer).toMatch(/^strict-transport-security: max-age=31536000/im);
    }
  });

  test("a connection without requests stays open longer than proxies keep theirs, so that no request meets its end", async () => {
    const { server, url } = await serverWith(echo);
    const { headers } = await fetch(`${url}/healthz`);
    const [, seconds = ""] = /timeout=(\d+)/.exec(headers.get("keep-alive") ?? "") ?? [];
    expect(Number(seconds)).toBeGreaterThan(120); // Caddy's; Traefik's are 90 seconds
    const socket = connect(server.port, host);
    const answers: string[] = [];
    socket.on("data", (data) => answers.push(data.toString()));
    const ask = async (count: number) => {
      socket.write("GET /healthz HTTP/1.1\r\nhost: portcullis\r\n\r\n");
      await expect.poll(() => answers.join("").match(/HTTP\/1\.1 200/g)?.length).toBe(count);
    };
    await ask(1);
    await setTimeout(7_000); // Node closes it after five or six seconds by default
    await ask(2);
    socket.destroy();
  });

  test("a failure of the handler gets 500, and neither the response nor the log contains its message", async () => {
    const { url } = await serverWith(async () => {
      throw new Error("a secret: hunter2");
    });
    const answer = await fetch(`${url}/api/x`);
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain("hunter2");
    expect(lines.join("")).toContain("a request failed");
    expect(lines.join("")).not.toContain("hunter2");
  });

  test("a method that the Request class does not support gets 405", async () => {
    const { server } = await serverWith(echo);
    const socket = connect(server.port, host);
    socket.end("TRACE /api/trpc/security.one HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    const answer = Buffer.concat(await socket.toArray()).toString();
    expect(answer).toMatch(/^HTTP\/1\.1 405 .*x-request-id: req_/is);
    expect(lines.join("")).not.toContain("a request failed");
  });

  test.each([
    ["GET /api/v1/projects/../x", 400, "rest"],
    ["GET /api/v1/projects#x", 400, "rest"],
    [`GET /api/v1/${"x".repeat(2_000)}`, 414, "rest"],
    ["TRACE /api/v1/projects", 405, "rest"],
    ["GET /api/v1x/../x", 400, "trpc"],
    ["GET /api/trpc/../x", 400, "trpc"],
    ["GET /x/../y", 400, "trpc"],
    ["GET *", 400, "trpc"],
    ["TRACE /", 405, "trpc"],
  ])(
    "a request that no path can answer is refused in the format of the API it names: %s",
    async (line, status, format) => {
      const { server } = await serverWith(null);
      server.serve({ handler: handlerOfMounts(mountsOf(features)), pages: (_request, response) => response.end() });
      const ask = (text: string) => answerOf(server, `${text} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
      const refused = await ask(line);
      expect(Number(refused.slice(9, 12))).toBe(status);
      expect(refused).toContain(format === "rest" ? '{"error":{"code":' : '{"error":{"message":');
      expect(refused).toMatch(/^cache-control: no-store\r$/im);
      if (status === 405) expect(refused).toMatch(/^allow: GET, POST\r$/im);
    },
  );

  test("a request is refused in the format of the API it names while the server starts", async () => {
    const { url } = await serverWith(null);
    const refused = await fetch(`${url}/api/v1/projects`);
    expect([refused.status, await refused.json()]).toMatchObject([503, { error: { reason: "starting" } }]);
  });

  test("the log contains the path without the query", async () => {
    const { url } = await serverWith(echo);
    await (await fetch(`${url}/api/trpc/security.one?input=hunter2`)).text();
    await expect.poll(() => lines.join("")).toContain('"path":"/api/trpc/security.one"');
    expect(lines.join("")).not.toContain("hunter2");
  });

  test("the log does not contain an unknown path, because it may contain a pasted secret", async () => {
    const { url } = await serverWith(echo);
    await (await fetch(`${url}/api/trpc/pcl_pasted-by-mistake`)).text();
    await expect.poll(() => lines.join("")).toContain('"path":"unknown"');
    expect(lines.join("")).not.toContain("pasted-by-mistake");
  });

  test("the Host header does not change the request URL, and an absolute target gets 400", async () => {
    const { server, url } = await serverWith(echo);
    const named = await new Promise<string>((resolve) => {
      httpRequest(`${url}//evil.example/x`, { path: "/api/x", headers: { host: "evil.example" } }, async (answer) => {
        resolve(Buffer.concat(await answer.toArray()).toString());
      }).end();
    });
    expect(named).not.toContain("evil.example");
    const socket = connect(server.port, host);
    socket.end("GET http://evil.example/api/x HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n");
    expect(Buffer.concat(await socket.toArray()).toString()).toMatch(/^HTTP\/1\.1 400 /);
  });

  test("a port that is taken is reported in one line with the setting to change", async () => {
    const { server } = await serverWith(null);
    await expect(listen({ host, port: server.port, log })).rejects.toThrow(
      new StartFailure(`port ${server.port} of 127.0.0.1 is taken: set PORT to another one`),
    );
  });

  test("close waits for running requests and accepts no new ones", async () => {
    let finish: (response: Response) => void = () => undefined;
    const started = withResolvers();
    const { server, url } = await serverWith(() => {
      started.resolve(null);
      return new Promise((resolve) => {
        finish = resolve;
      });
    });
    const running = fetch(`${url}/api/x`);
    await started.promise;
    const closed = server.close(10_000);
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
    finish(Response.json({ done: true }));
    expect(await (await running).json()).toEqual({ done: true });
    await closed;
  });

  test("close does not wait longer than its timeout", async () => {
    const started = withResolvers();
    const { server, url } = await serverWith(() => {
      started.resolve(null);
      return new Promise(() => undefined);
    });
    const running = expect(fetch(`${url}/api/x`)).rejects.toThrow();
    await started.promise;
    await server.close(50);
    await running;
  });
});

describe("a request body", () => {
  test("a body that is too long is read only until it is refused", async () => {
    const { server } = await serverWith(echo);
    const socket = connect(server.port, host);
    socket.on("error", () => undefined); // the server closes the connection during the write
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.write("POST /api/x HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n");
    const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;
    const answered = once(socket, "data");
    for (let sent = 0; sent < 2 * 1024 * 1024; sent += 0x10000) socket.write(chunk);
    let most = 0;
    const observing = setInterval(() => {
      most = Math.max(most, server.bodyBytes);
    }, 1);
    const [answer] = await answered;
    clearInterval(observing);
    const sending = setInterval(() => socket.writable && socket.write(chunk), 1);
    void closed.then(() => clearInterval(sending));
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 413 /);
    expect(most).toBeLessThanOrEqual(1024 * 1024 + 0x10000);
    expect(server.bodyBytes).toBe(0);
    await closed; // the server closes a connection that keeps sending
  });

  test("a body whose Content-Length is too long is not read", async () => {
    const { server, url } = await serverWith(echo);
    const answer = await new Promise<number | undefined>((resolve, reject) => {
      const sent = httpRequest(`${url}/api/x`, { method: "POST", headers: { "content-length": 2 ** 30 } });
      sent.once("response", ({ statusCode }) => resolve(statusCode)).once("error", reject);
      sent.flushHeaders();
    });
    expect(answer).toBe(413);
    expect(server.bodyBytes).toBe(0);
  });

  test("a body up to the limit arrives unchanged", async () => {
    const { url } = await serverWith(async (request) => new Response(await request.arrayBuffer()));
    const body = Buffer.alloc(1024 * 1024, 0xfe);
    const answer = await fetch(`${url}/api/x`, { method: "POST", body });
    expect(Buffer.from(await answer.arrayBuffer()).equals(body)).toBe(true);
  });

  test.each([
    ["without a body", {}],
    ["with a body", { method: "POST", body: "{}" }],
  ])("a caller that disconnects aborts the signal of a request %s", async (_, given) => {
    const started = withResolvers();
    const aborted = withResolvers();
    const { url } = await serverWith((request) => {
      request.signal.addEventListener("abort", () => aborted.resolve(null));
      started.resolve(null);
      return new Promise(() => undefined);
    });
    const caller = new AbortController();
    const running = expect(fetch(`${url}/api/x`, { ...given, signal: caller.signal })).rejects.toThrow();
    await started.promise;
    caller.abort();
    await aborted.promise;
    await running;
  });
});

function withResolvers() {
  let resolve: (value: null) => void = () => undefined;
  const promise = new Promise<null>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
