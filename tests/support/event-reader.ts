import { setTimeout as delay } from "node:timers/promises";

/** One event of a stream, as a browser would receive it. */
export interface ReceivedEvent {
  readonly id: string | null;
  readonly event: string;
  readonly data: Record<string, unknown>;
}

/** Reads a response with server-sent events. */
export interface EventReader {
  /** Everything that was received so far. */
  readonly received: readonly ReceivedEvent[];
  /**
   * Waits for the next event of this kind, with these data, that was not returned before.
   * @throws Error after 5 s, or at the end
   */
  next(kind: string, data?: Readonly<Record<string, unknown>>): Promise<ReceivedEvent>;
  /** Waits until the stream ends. @throws Error after 5 s */
  ended(): Promise<void>;
  /** Closes the connection. */
  close(): Promise<void>;
}

const patienceMs = 5_000;

export function readEvents(response: Response): EventReader {
  const reader = response.body?.getReader();
  if (response.status !== 200 || !reader) throw new Error(`no stream: ${response.status}`);
  const received: ReceivedEvent[] = [];
  const seen = new Set<ReceivedEvent>();
  let isOver = false;
  const read = async () => {
    const decoder = new TextDecoder();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const blocks = (rest + decoder.decode(value, { stream: true })).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const event = field(block, "event");
        if (event === null) continue;
        received.push({ id: field(block, "id"), event, data: JSON.parse(field(block, "data") ?? "{}") });
      }
    }
  };
  const over = read()
    .catch(() => undefined)
    .finally(() => {
      isOver = true;
    });
  return {
    received,
    async next(kind, data = {}) {
      const until = Date.now() + patienceMs;
      for (;;) {
        const found = received.find((one) => one.event === kind && !seen.has(one) && has(one, data));
        if (found) {
          seen.add(found);
          return found;
        }
        if (isOver || Date.now() > until) throw new Error(`no event ${kind} in ${JSON.stringify(received)}`);
        await delay(10);
      }
    },
    async ended() {
      await Promise.race([over, delay(patienceMs)]);
      if (!isOver) throw new Error("the stream did not end");
    },
    close: () => reader.cancel(),
  };
}

function has(one: ReceivedEvent, data: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(data).every(([key, value]) => one.data[key] === value);
}

function field(block: string, name: string): string | null {
  return new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1] ?? null;
}
