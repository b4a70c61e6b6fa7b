import { get } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, expect, it } from "vitest";
import { gatewayClient } from "#src/delivery/prober/gateway-client";
import { deadlineAround, NoResponse, within } from "#src/platform/deadline";

let server: Server | null = null;
const sockets = new Set<Socket>();
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server?.close();
});

async function serverWith(handle: (socket: Socket) => void): Promise<number> {
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    handle(socket);
  });
  const listening = server;
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  const address = listening.address();
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}

const answers: readonly (readonly [string, (socket: Socket) => void])[] = [
  [
    "changes the protocol (101)",
    (socket) => void socket.write("HTTP/1.1 101 X\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
  ],
  ["accepts the connection and sends nothing", () => undefined],
  ["sends informational answers without end", (socket) => trickle(socket, "HTTP/1.1 102 Processing\r\n\r\n")],
  ["sends a header without end", (socket) => trickle(socket, "a", "HTTP/1.1 200 OK\r\nx: ")],
  ["sends a body without end", (socket) => trickle(socket, "a", "HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")],
  ["closes without an answer", (socket) => void socket.end()],
];

function trickle(socket: Socket, piece: string, start = ""): void {
  socket.write(start);
  const again = setInterval(() => socket.write(piece), 10);
  socket.on("close", () => clearInterval(again));
}

it.each(answers)("a request to a server that %s fails within its deadline", async (_, handle) => {
  const port = await serverWith((socket) => socket.once("data", () => handle(socket)));
  const failure = await new Promise((resolve, reject) => {
    const request = get({ host: "127.0.0.1", port, agent: false }, (response) => {
      response.on("error", () => undefined);
      response.resume().on("end", () => {
        answered();
        reject(new Error("the request got a complete answer"));
      });
    });
    const answered = deadlineAround(request, 80, resolve);
  });
  expect(failure).toBeInstanceOf(Error);
});

it.each(answers.filter(([name]) => !name.includes("body")))(
  "a probe of a gateway that %s ends without an answer",
  async (_, handle) => {
    const port = await serverWith((socket) => socket.once("data", () => handle(socket)));
    const client = gatewayClient({ timeoutMs: 80, connections: 1 });
    expect(await client.request(`127.0.0.1:${port}`, "wiki.example.org", "/")).toBeNull();
    client.close();
  },
);

it("within rejects work that exceeds its deadline, and passes on the outcome of other work", async () => {
  await expect(within(20, "DNS", () => new Promise(() => undefined))).rejects.toThrow(NoResponse);
  expect(await within(1_000, "DNS", async () => 7)).toBe(7);
  await expect(within(1_000, "DNS", () => Promise.reject(new Error("refused")))).rejects.toThrow("refused");
});
