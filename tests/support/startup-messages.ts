import { connect, createServer, type Socket } from "node:net";

/** A relay in front of PostgreSQL that records the first message of each connection. */
export interface Relay {
  /** The given connection string, through the relay. */
  readonly url: string;
  /** The parameters of every startup message so far. */
  readonly messages: readonly Readonly<Record<string, string>>[];
  close(): Promise<void>;
}

/**
 * @param to connection string of a server on TCP without TLS
 * @param keep selects the parameters that the server receives, because a connection pooler may drop some
 */
export async function startRelay(to: string, keep = (_name: string) => true): Promise<Relay> {
  const target = new URL(to);
  const messages: Record<string, string>[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
    }
    client.once("data", (first) => {
      messages.push(parametersOf(first));
      upstream.write(withParameters(parametersOf(first), keep));
      client.pipe(upstream);
    });
    upstream.pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the relay has no port");
  const url = new URL(to);
  url.port = String(address.port);
  return {
    url: url.href,
    messages,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/**
 * Length, protocol 3.0, then names and values, each ended by a zero byte (PostgreSQL, "Message Formats",
 * StartupMessage).
 */
function parametersOf(message: Buffer): Record<string, string> {
  const words = message.subarray(8).toString("utf8").split("\0");
  const parameters: Record<string, string> = {};
  for (let at = 0; at + 1 < words.length && words[at] !== ""; at += 2)
    parameters[words[at] ?? ""] = words[at + 1] ?? "";
  return parameters;
}

function withParameters(parameters: Readonly<Record<string, string>>, keep: (name: string) => boolean): Buffer {
  const words = Object.entries(parameters).flatMap(([name, value]) => (keep(name) ? [name, value] : []));
  const body = Buffer.from(`${words.join("\0")}\0\0`, "utf8");
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + body.length, 0);
  head.writeInt16BE(3, 4);
  return Buffer.concat([head, body]);
}
