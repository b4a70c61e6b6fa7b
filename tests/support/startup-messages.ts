import { connect, createServer, type Socket } from "node:net";

/** A relay in front of PostgreSQL that remembers what each connection says first. */
export interface Relay {
  /** The given connection string, through the relay. */
  readonly url: string;
  /** The parameters of every startup message so far. */
  readonly messages: readonly Readonly<Record<string, string>>[];
  close(): Promise<void>;
}

/** @param to connection string of a server on TCP without TLS */
export async function startRelay(to: string): Promise<Relay> {
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
      upstream.write(first);
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

/** Length, protocol 3.0, then names and values, each ended by a zero byte (PostgreSQL, "Message Formats", StartupMessage). */
function parametersOf(message: Buffer): Record<string, string> {
  const words = message.subarray(8).toString("utf8").split("\0");
  const parameters: Record<string, string> = {};
  for (let at = 0; at + 1 < words.length && words[at] !== ""; at += 2)
    parameters[words[at] ?? ""] = words[at + 1] ?? "";
  return parameters;
}
