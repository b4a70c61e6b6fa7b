import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface LoadRequest {
  readonly procedure: string;
  /** How it says who it is from. */
  readonly headers: Readonly<Record<string, string>>;
  readonly input: unknown;
}

export interface LoadResult {
  readonly answers: number;
  readonly seconds: number;
  /** The answers that were not 200, the first of them in words. */
  readonly refused: number;
  readonly firstRefusal: string | null;
}

/**
 * Sends requests over so many kept-alive connections, each one after the other, as fast as they are answered. It speaks
 * HTTP over plain sockets, so that the one who measures takes as little of the machine as can be.
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
        const { status, body } = await ask(socket, textOf(next()));
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

function ask(socket: Socket, request: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const done = (settle: () => void) => {
      socket.off("data", take);
      socket.off("error", fail);
      socket.off("close", fail);
      settle();
    };
    const fail = (error?: unknown) =>
      done(() => reject(error instanceof Error ? error : new Error("the server hung up")));
    const take = (chunk: Buffer) => {
      answer += chunk.toString("latin1");
      const head = answer.indexOf("\r\n\r\n");
      if (head < 0) return;
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(answer.slice(0, head))?.[1] ?? Number.NaN);
      if (Number.isNaN(length)) return fail(new Error("an answer without its length"));
      if (answer.length - head - 4 < length) return;
      done(() => resolve({ status: Number(answer.slice(9, 12)), body: answer.slice(head + 4) }));
    };
    socket.on("data", take);
    socket.once("error", fail);
    socket.once("close", fail);
    socket.write(request, "latin1");
  });
}
