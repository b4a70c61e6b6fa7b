import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface LoadRequest {
  readonly procedure: string;
  /** Headers that authenticate the request. */
  readonly headers: Readonly<Record<string, string>>;
  readonly input: unknown;
}

export interface LoadResult {
  readonly answers: number;
  readonly seconds: number;
  /** The number of responses with a status other than 200, and the text of the first of them. */
  readonly refused: number;
  readonly firstRefusal: string | null;
}

/**
 * Sends requests as fast as they are answered over this many kept-alive connections, one at a time on each. It speaks
 * HTTP over plain sockets, so that the measurement itself needs little CPU time.
 */
export async function load(
  url: string,
  { connections, forMs }: { readonly connections: number; readonly forMs: number },
  next: () => LoadRequest,
): Promise<LoadResult> {
  const { hostname, port } = new URL(url);
  const end = performance.now() + forMs;
  const begun = performance.now();
  const counts = { answers: 0, refused: 0, firstRefusal: null as string | null };
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = connect(Number(port), hostname);
      socket.setNoDelay(true);
      await once(socket, "connect");
      while (performance.now() < end) {
        const { status, body } = await exchange(socket, textOf(next()));
        if (status === 200) counts.answers++;
        else {
          counts.refused++;
          counts.firstRefusal ??= `${status} ${body}`;
        }
      }
      socket.destroy();
    }),
  );
  return { ...counts, seconds: (performance.now() - begun) / 1_000 };
}

function textOf({ procedure, headers, input }: LoadRequest): string {
  const body = JSON.stringify(input); // plain ASCII: as many characters as bytes
  const lines = Object.entries({ host: "bench", ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST /api/trpc/${procedure} HTTP/1.1\r\n${lines.join("")}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

function exchange(socket: Socket, request: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const finish = (settle: () => void) => {
      socket.off("data", receive);
      socket.off("error", fail);
      socket.off("close", fail);
      settle();
    };
    const fail = (error?: unknown) =>
      finish(() => reject(error instanceof Error ? error : new Error("The server closed the connection")));
    const receive = (chunk: Buffer) => {
      answer += chunk.toString("latin1");
      const head = answer.indexOf("\r\n\r\n");
      if (head < 0) return;
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(answer.slice(0, head))?.[1] ?? Number.NaN);
      if (Number.isNaN(length)) return fail(new Error("The response has no content-length"));
      if (answer.length - head - 4 < length) return;
      finish(() => resolve({ status: Number(answer.slice(9, 12)), body: answer.slice(head + 4) }));
    };
    socket.on("data", receive);
    socket.once("error", fail);
    socket.once("close", fail);
    socket.write(request, "latin1");
  });
}
