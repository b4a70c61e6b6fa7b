import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createSocketServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { makeUpstreamWatch } from "#src/delivery/prober/upstream-watch";

const { check } = makeUpstreamWatch({ timeoutMs: 400 });
const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

async function listening(server: Server): Promise<number> {
  open.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

const http = (listener: RequestListener) => listening(createServer(listener));
const socket = (listener: (socket: Socket) => void) =>
  listening(
    createSocketServer((one) => {
      one.on("error", () => undefined).resume();
      listener(one);
    }),
  );
const local = ["127.0.0.1"];
const at = (port: number, host = "wiki.internal") => check({ scheme: "http", host, port }, local, "org");

describe("an upstream that is asked", () => {
  test.each([200, 204, 302, 401, 404, 500])("answers with its status %i", async (status) => {
    const port = await http((_request, response) => response.writeHead(status).end());
    expect(await at(port)).toEqual({ outcome: "answers", status });
  });

  test("gets one HEAD request without a credential, and its redirect is not followed", async () => {
    const seen: unknown[] = [];
    const port = await http((request, response) => {
      const { method, url, headers } = request;
      seen.push([method, url, headers.host, headers.cookie, headers.authorization]);
      response.writeHead(302, { location: `http://127.0.0.1:${port}/elsewhere` }).end();
    });
    await at(port);
    expect(seen).toEqual([["HEAD", "/", `wiki.internal:${port}`, undefined, undefined]]);
  });

  test("is connected to at the address that was checked, whatever its name resolves to now", async () => {
    const port = await http((_request, response) => response.end());
    expect(await at(port, "rebound.invalid")).toEqual({ outcome: "answers", status: 200 });
  });

  test("is silent without an address", async () => {
    expect(await check({ scheme: "http", host: "localhost", port: 80 }, [], "org")).toEqual({ outcome: "silent" });
  });

  test("gives one answer for a closed port, another protocol, a TLS error and a protocol switch", async () => {
    const closed = await socket(() => undefined);
    open.pop()?.close();
    const speaksFirst = await socket((one) => one.write("SSH-2.0-OpenSSH_9.6\r\n"));
    const hangsUp = await socket((one) => one.end());
    const switches = await socket((one) =>
      one.write("HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n"),
    );
    for (const port of [closed, speaksFirst, hangsUp, switches]) expect(await at(port)).toEqual({ outcome: "refuses" });
    const plain = await http((_request, response) => response.end());
    const overTls = { scheme: "https", host: "wiki.internal", port: plain } as const;
    expect(await check(overTls, local, "org")).toEqual({ outcome: "refuses" });
  });

  test("is silent if its headers do not arrive in time, also if they arrive byte by byte", async () => {
    const says = await socket(() => undefined);
    const drips = await socket((one) => {
      one.write("HTTP/1.1 200 OK\r\nx: ");
      const timer = setInterval(() => one.write("y"), 20);
      one.on("close", () => clearInterval(timer));
    });
    expect(await Promise.all([at(says), at(drips)])).toEqual([{ outcome: "silent" }, { outcome: "silent" }]);
  });

  test("may not send headers without end", async () => {
    const port = await socket((one) => one.write(`HTTP/1.1 200 OK\r\nx: ${"y".repeat(100_000)}`));
    expect(await at(port)).toEqual({ outcome: "refuses" });
  });

  test("is asked by four requests of one organization at once, and eight more wait", async () => {
    const patient = makeUpstreamWatch({ timeoutMs: 20_000 });
    const held: (() => void)[] = [];
    let isOpen = false;
    let seen = 0;
    const port = await http((_request, response) => {
      seen += 1;
      if (isOpen) response.end();
      else held.push(() => response.end());
    });
    const target = { scheme: "http", host: "wiki.internal", port } as const;
    const answers = Array.from({ length: 20 }, () => patient.check(target, local, "org"));
    const settled = Promise.allSettled(answers);
    await expect.poll(() => held.length).toBe(4);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(seen).toBe(4);
    isOpen = true;
    for (const release of held) release();
    const refused = (await settled).filter(({ status }) => status === "rejected");
    expect([refused.length, seen]).toEqual([8, 12]);
  });
});
