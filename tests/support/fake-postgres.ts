import { once } from "node:events";
import { createServer, type Socket, connect as tcp } from "node:net";
import { connectionSettings } from "#src/database/session-settings";

/** A server on a free port of 127.0.0.1 that speaks PostgreSQL's protocol, or breaks it. */
export interface FakeServer {
  readonly url: string;
  close(): void;
}

async function listen(answer: (socket: Socket) => void): Promise<FakeServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).once("close", () => sockets.delete(socket));
    answer(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `postgres://ada@127.0.0.1:${port}/wiki`,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Answers the first data of each connection with these bytes, and closes it. */
export const answering = (bytes: Buffer | string): Promise<FakeServer> =>
  listen((socket) => socket.once("data", () => socket.end(bytes)));

/** Refuses each connection with a PostgreSQL error. */
export const refusing = (code: string, message: string, routine = "InitPostgres"): Promise<FakeServer> =>
  answering(errorResponse(code, message, routine));

/** Requests a kind of authentication. */
export const askingFor = (authentication: number): Promise<FakeServer> =>
  listen((socket) => socket.once("data", () => socket.write(message("R", int32(authentication)))));

function errorResponse(code: string, text: string, routine: string): Buffer {
  const fields = { S: "FATAL", V: "FATAL", C: code, M: text, R: routine };
  const body = Object.entries(fields).map(([field, value]) => `${field}${value}\0`);
  return message("E", Buffer.from(`${body.join("")}\0`));
}

function message(type: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

function int32(number: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(number);
  return buffer;
}

const authenticated = message("R", int32(0));
const isReady = message("Z", Buffer.from("I"));

/**
 * A connection pooler in transaction mode: all clients share one server session, and each of them has it for one
 * transaction at a time. Like PgBouncer, it sends clients an invented session number.
 * @param target the address of the server, which accepts a superuser without a password
 */
export async function transactionPooler(target: string): Promise<FakeServer> {
  const { hostname, port, pathname, username } = new URL(target);
  const session = tcp(Number(port), hostname).on("error", () => undefined);
  const connection = connectionSettings("migrations", null);
  const parameters = { user: username, database: pathname.slice(1), ...connection };
  const texts = Object.entries(parameters).map(([name, value]) => `${name}\0${value}\0`);
  const startup = Buffer.from(`${texts.join("")}\0`);
  session.write(Buffer.concat([int32(startup.length + 8), int32(196_608), startup]));
  let owner: Socket | null = null;
  let isStarted = false;
  /** Messages of the clients that wait for the session. */
  const waiting: { client: Socket; bytes: Buffer }[] = [];
  const pass = () => {
    while (isStarted && waiting[0] && (owner === null || owner === waiting[0].client)) {
      const [next] = waiting.splice(0, 1);
      if (!next) return;
      owner = next.client;
      session.write(next.bytes);
    }
    const mine = waiting.findIndex(({ client }) => client === owner);
    if (isStarted && mine > 0) {
      const [next] = waiting.splice(mine, 1);
      if (next) session.write(next.bytes);
    }
  };
  eachMessage(session, 1, (bytes) => {
    const isEnd = bytes[0] === "Z".charCodeAt(0);
    if (!isStarted) isStarted = isEnd;
    else owner?.write(bytes);
    if (isEnd && bytes[5] === "I".charCodeAt(0)) owner = null;
    pass();
  });

  const fake = await listen((client) => {
    let isIn = false;
    client.on("data", (bytes: Buffer) => {
      if (isIn) {
        if (bytes[0] === "X".charCodeAt(0)) return void client.end();
        waiting.push({ client, bytes });
        return pass();
      }
      isIn = true;
      client.write(Buffer.concat([authenticated, message("K", Buffer.concat([int32(7), int32(7)])), isReady]));
    });
  });
  session.once("close", () => fake.close());
  const url = Object.assign(new URL(target), { host: new URL(fake.url).host });
  return {
    url: url.href,
    close() {
      fake.close();
      session.destroy();
    },
  };
}

/** Calls back with each complete message. @param header the number of bytes before the length */
function eachMessage(socket: Socket, header: number, take: (bytes: Buffer) => void): void {
  let rest = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= header + 4 && rest.length >= header + rest.readInt32BE(header)) {
      const length = header + rest.readInt32BE(header);
      take(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
  });
}
