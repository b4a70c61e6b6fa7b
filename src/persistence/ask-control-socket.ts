import { type IncomingMessage, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { controlSocketPath } from "./control-socket-path";
import { errorCode } from "./socket-claim";

/** What came of asking whoever holds a data folder. */
export type ControlAnswer =
  /** No process holds the folder. */
  | { readonly kind: "nobody" }
  /** A process holds it and does not serve yet. */
  | { readonly kind: "starting" }
  /** A process holds it and did not answer in time; it may be stopped. */
  | { readonly kind: "silent" }
  /** `body` is the parsed JSON. */
  | { readonly kind: "answer"; readonly status: number; readonly body: unknown };

/** Milliseconds. */
export interface AskOptions {
  /** How long one answer may take. */
  readonly timeoutMs?: number;
  /** How long to go on asking while the answer is `starting`. */
  readonly patienceMs?: number;
}

/**
 * Asks the process that holds a data folder: HTTP POST with JSON over its control socket.
 * @throws DataFolderUnusable the folder's path is too long for a socket
 * @throws Error the holder ended, or answered something that is not JSON
 */
export async function askControlSocket(
  dataFolder: string,
  path: string,
  body: unknown,
  { timeoutMs = 30_000, patienceMs = 0 }: AskOptions = {},
): Promise<ControlAnswer> {
  const socketPath = controlSocketPath(dataFolder);
  const deadline = Date.now() + patienceMs;
  while (true) {
    const answer = await askOnce(socketPath, path, JSON.stringify(body), timeoutMs);
    if (answer.kind !== "starting" || Date.now() >= deadline) return answer;
    await delay(100);
  }
}

function askOnce(socketPath: string, path: string, body: string, timeoutMs: number): Promise<ControlAnswer> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const asked = request({ socketPath, path, method: "POST", headers, agent: false }, (response) =>
      readAnswer(response).then(resolve, reject),
    );
    asked.setTimeout(timeoutMs, () => {
      resolve({ kind: "silent" });
      asked.destroy();
    });
    asked.on("error", (error) => {
      const code = errorCode(error);
      if (code === "ENOENT" || code === "ECONNREFUSED") resolve({ kind: "nobody" });
      else if (code === "EAGAIN")
        resolve({ kind: "silent" }); // the queue of a stopped process is full
      else reject(error);
    });
    asked.end(body);
  });
}

async function readAnswer(response: IncomingMessage): Promise<ControlAnswer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  if (response.headers["x-portcullis-state"] === "starting") return { kind: "starting" };
  const body: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  return { kind: "answer", status: response.statusCode ?? 0, body };
}
