import { randomBytes } from "node:crypto";
import { chmod, rm, unlink } from "node:fs/promises";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { writeDurably } from "#src/platform/files/durable-file";
import { claimSocket, errorCode, sweepClaims } from "#src/platform/files/folder-lock";
import { readOwnFile } from "#src/platform/files/own-file";
import { requestControlSocket } from "./control-socket-client";
import { controlSocketPath, makeDataFolder, unusable } from "./control-socket-path";

/** The lock of a data folder. It is held until it is closed or its process ends. */
export interface ControlSocket {
  /** Starts to answer requests; before this call they get 503 `starting`. The socket itself answers `/pid`. */
  serve(handler: (request: IncomingMessage, response: ServerResponse) => void): void;
  /** Releases the lock. Call it last: the next process may open the data folder immediately. */
  close(): Promise<void>;
}

/** Another process holds the data folder. */
export class DataFolderInUse extends Error {
  /** @param pid null if it is unknown */
  constructor(
    readonly dataFolder: string,
    readonly pid: number | null,
    readonly responds: boolean,
  ) {
    const owner = pid === null ? "another process" : `process ${pid}`;
    const silent = responds ? "" : ", which does not answer (is it stopped?)";
    super(`the data folder ${dataFolder} is in use by ${owner}${silent}`);
    this.name = "DataFolderInUse";
  }
}

/**
 * Takes the lock of a data folder: a listening UNIX socket, `control.sock`. The kernel releases it however the process
 * ends. A pid file does not have this property, and in containers pid 1 is always alive. Creates the folder (0700) if
 * it is missing.
 * @throws DataFolderInUse another process, running or suspended, holds it
 * @throws DataFolderUnusable the path is too long, or others can enter the folder
 */
export async function takeControlSocket(dataFolder: string): Promise<ControlSocket> {
  const path = controlSocketPath(dataFolder);
  const folder = dirname(path);
  await makeDataFolder(folder, { closed: 0o077 });

  let handler: RequestListener = respondStarting;
  const server = createServer((request, response) =>
    request.url === "/pid" ? respondJson(response, 200, { pid: process.pid }) : handler(request, response),
  );
  const listening = join(folder, `t.${randomBytes(4).toString("hex")}`);
  await new Promise<void>((done, failed) => server.once("error", failed).listen(listening, done)).catch(
    (error: unknown) => {
      throw unusable(folder, error);
    },
  );
  server.on("error", () => undefined); // a connection could not be accepted
  try {
    await chmod(listening, 0o600);
    if (!(await claimSocket(path, listening))) throw await inUse(folder);
  } catch (error) {
    server.close();
    throw errorCode(error) === undefined ? error : unusable(folder, error);
  } finally {
    await rm(listening, { force: true });
  }
  const pidFile = join(folder, "control.pid");
  await writeDurably(pidFile, `${process.pid}\n`, 0o600).catch((error: unknown) => {
    server.close();
    throw unusable(folder, error);
  });
  await sweepClaims(folder);

  return {
    serve(serving) {
      handler = serving;
    },
    async close() {
      await rm(pidFile, { force: true });
      await unlink(path); // before the server closes: another process may replace a name that refuses connections
      await new Promise((done) => {
        server.close(done);
        server.closeAllConnections();
      });
    },
  };
}

function respondStarting(_request: IncomingMessage, response: ServerResponse): void {
  respondJson(response, 503, { state: "starting" }, { "retry-after": "1", "x-portcullis-state": "starting" });
}

function respondJson(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

/** Describes the owner: by its own response, or by its pid file if it is suspended. */
async function inUse(folder: string): Promise<DataFolderInUse> {
  const deadline = Date.now() + 1_000; // ms; a process that is replacing a leftover socket answers within this time
  do {
    const response = await requestControlSocket(folder, "/pid", {}, { timeoutMs: 1_000 });
    if (response.kind === "response") return new DataFolderInUse(folder, pidIn(response.body), true);
    if (response.kind === "silent") break;
    await delay(20);
  } while (Date.now() < deadline);
  return new DataFolderInUse(folder, await pidInFile(join(folder, "control.pid")), false);
}

function pidIn(body: unknown): number | null {
  if (typeof body !== "object" || body === null || !("pid" in body)) return null;
  return typeof body.pid === "number" ? body.pid : null;
}

/** Reads the pid for the message only; null if the file cannot be read or belongs to another user. */
async function pidInFile(path: string): Promise<number | null> {
  const text = await readOwnFile(path, { secret: false }).catch(() => null);
  return Number.parseInt(text ?? "", 10) || null;
}
