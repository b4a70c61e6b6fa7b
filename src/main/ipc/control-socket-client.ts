import { lstat, stat } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { deadlineAround, NoResponse } from "#src/platform/deadline";
import { errorCode } from "#src/platform/files/folder-lock";
import { processUser } from "#src/platform/files/own-folder";
import { controlSocketPath, DataFolderUnusable } from "./control-socket-path";

/** The outcome of a request to the process that holds a data folder. */
export type ControlResponse =
  /** No process holds the folder. */
  | { readonly kind: "no_server" }
  /** A process holds the folder but does not serve yet. */
  | { readonly kind: "starting" }
  /** A process holds the folder but did not answer in time; it may be suspended. */
  | { readonly kind: "silent" }
  /** `body` is the parsed JSON. */
  | { readonly kind: "response"; readonly status: number; readonly body: unknown };

/** Timeouts in milliseconds. */
export interface ControlRequestOptions {
  /** The timeout of one response. */
  readonly timeoutMs?: number;
  /** How long to retry while the response is `starting`. */
  readonly patienceMs?: number;
}

/**
 * Sends a request to the process that holds a data folder: HTTP POST with JSON over its control socket.
 * @throws DataFolderUnusable the folder's path is too long for a socket, or another user may have created the socket
 * @throws Error the process ended, or its response is not JSON
 */
export async function requestControlSocket(
  dataFolder: string,
  path: string,
  body: unknown,
  { timeoutMs = 30_000, patienceMs = 0 }: ControlRequestOptions = {},
): Promise<ControlResponse> {
  const socketPath = controlSocketPath(dataFolder);
  await requireTrustedSocket(dataFolder, socketPath);
  const deadline = Date.now() + patienceMs;
  while (true) {
    const response = await requestOnce(socketPath, path, JSON.stringify(body), timeoutMs);
    if (response.kind !== "starting" || Date.now() >= deadline) return response;
    await delay(100);
  }
}

/**
 * Checks that the socket can be trusted, because its responses are: it must belong to this user. Root may use the
 * socket of another user if only the owner of the folder can have created it.
 */
async function requireTrustedSocket(folder: string, socketPath: string): Promise<void> {
  const self = processUser();
  const socket = await lstat(socketPath).catch(() => null);
  if (self === null || socket === null || socket.uid === self.uid) return;
  if (self.uid === 0) {
    const { uid, mode } = await stat(folder);
    if (socket.uid === uid && (mode & 0o022) === 0) return;
  }
  throw new DataFolderUnusable(
    `${socketPath} belongs to user ${socket.uid}, and this command runs as user ${self.uid}: run it as user ${socket.uid}`,
  );
}

function requestOnce(socketPath: string, path: string, body: string, timeoutMs: number): Promise<ControlResponse> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const outgoing = request({ socketPath, path, method: "POST", headers, agent: false }, (response) =>
      readResponse(response)
        .then(resolve, reject)
        .finally(() => endDeadline()),
    );
    const endDeadline = deadlineAround(outgoing, timeoutMs, (error) => {
      const code = errorCode(error);
      if (error instanceof NoResponse) resolve({ kind: "silent" });
      else if (code === "ENOENT" || code === "ECONNREFUSED") resolve({ kind: "no_server" });
      else if (code === "EAGAIN")
        resolve({ kind: "silent" }); // the queue of a suspended process is full
      else reject(error);
    });
    outgoing.end(body);
  });
}

async function readResponse(response: IncomingMessage): Promise<ControlResponse> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  if (response.headers["x-portcullis-state"] === "starting") return { kind: "starting" };
  const body: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  return { kind: "response", status: response.statusCode ?? 0, body };
}
