import type { Readable, Writable } from "node:stream";
import type { Logger } from "pino";
import { z } from "zod";
import { errorOf, Failure, failureOf } from "./failure";
import { FrameReader, frameOf, largestFrame } from "./frames";

/** A call that one side sends and the other answers. Both sides validate what they receive. */
export interface Call<Input, Output> {
  readonly name: string;
  readonly input: z.ZodType<Input>;
  readonly output: z.ZodType<Output>;
}

export function defineCall<Input, Output>(
  name: string,
  input: z.ZodType<Input>,
  output: z.ZodType<Output>,
): Call<Input, Output> {
  return { name, input, output };
}

/** The connection to the other side ended, or the other side does not answer. */
export class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
}

const Message = z.union([
  z.object({ id: z.int(), call: z.string(), input: z.unknown() }),
  z.object({ id: z.int(), output: z.unknown() }),
  z.object({ id: z.int(), failure: Failure }),
]);

interface PeerOptions {
  readonly input: Readable;
  readonly output: Writable;
  readonly log: Logger;
  /** The time without a response after which the connection counts as lost, in ms. */
  readonly patienceMs?: number;
  /** The maximum size of a message, in bytes. */
  readonly largestFrame?: number;
}

const usualPatienceMs = 60_000;

interface Waiting {
  readonly settle: (output: unknown) => void;
  readonly fail: (error: Error) => void;
}

/** One end of a connection between two processes. Both directions carry lines of JSON, each a call or its response. */
export class Peer {
  /** Resolves with the reason when the connection is over. Never rejects. */
  readonly closed: Promise<ConnectionLost>;
  readonly #waiting = new Map<number, Waiting>();
  readonly #handlers = new Map<string, (input: unknown) => Promise<unknown>>();
  readonly #most: number;
  #ended: ConnectionLost | null = null;
  #onEnd: (reason: ConnectionLost) => void = () => undefined;
  #calls = 0;

  constructor(private readonly options: PeerOptions) {
    this.#most = options.largestFrame ?? largestFrame;
    this.closed = new Promise((resolve) => {
      this.#onEnd = resolve;
    });
    const reader = new FrameReader(this.#most);
    options.input.on("data", (chunk: Buffer) => {
      if (this.#ended) return;
      try {
        for (const line of reader.push(chunk)) this.#receive(line);
      } catch (error) {
        this.close(error instanceof Error ? error.message : "a message cannot be read");
      }
    });
    for (const stream of [options.input, options.output]) {
      stream.on("error", (error) => this.close(error.message));
      stream.on("close", () => this.close("the other side closed the connection"));
    }
    options.input.on("end", () => this.close("the other side closed the connection"));
  }

  /** Registers the handler that answers a call of the other side. */
  handle<Input, Output>(call: Call<Input, Output>, handler: (input: Input) => Promise<Output>): void {
    this.#handlers.set(call.name, async (input) => call.output.parse(await handler(call.input.parse(input))));
  }

  /** @throws ConnectionLost, or the error of the other side as far as a message can carry it */
  async call<Input, Output>(call: Call<Input, Output>, input: Input): Promise<Output> {
    if (this.#ended) throw this.#ended;
    // Fields that the call does not declare must not leave this process.
    const declared = call.input.parse(input);
    const id = ++this.#calls;
    const output = await new Promise<unknown>((settle, fail) => {
      const patience = this.options.patienceMs ?? usualPatienceMs;
      const late = setTimeout(() => this.close(`"${call.name}" was not answered within ${patience} ms`), patience);
      this.#waiting.set(id, {
        settle(value) {
          clearTimeout(late);
          settle(value);
        },
        fail(error) {
          clearTimeout(late);
          fail(error);
        },
      });
      this.#send({ id, call: call.name, input: declared });
    });
    return call.output.parse(output);
  }

  close(reason: string): void {
    if (this.#ended) return;
    this.#ended = new ConnectionLost(`the connection to the gateway's side ended: ${reason}`);
    for (const { fail } of this.#waiting.values()) fail(this.#ended);
    this.#waiting.clear();
    this.options.output.end();
    this.#onEnd(this.#ended);
  }

  #send(message: z.input<typeof Message>): void {
    if (this.#ended) return;
    try {
      this.options.output.write(frameOf(message, this.#most));
    } catch (error) {
      this.close(error instanceof Error ? error.message : "a message cannot be written");
    }
  }

  #receive(line: string): void {
    const message = Message.parse(JSON.parse(line));
    if ("call" in message) {
      void this.#handle(message);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if ("failure" in message) waiting?.fail(errorOf(message.failure));
    else waiting?.settle(message.output);
  }

  async #handle({ id, call, input }: { readonly id: number; readonly call: string; readonly input?: unknown }) {
    try {
      const handler = this.#handlers.get(call);
      if (!handler) throw new TypeError(`there is no call "${call}"`);
      this.#send({ id, output: await handler(input) });
    } catch (error) {
      const failure = failureOf(error);
      if (failure.kind === "other" && !this.#ended) this.options.log.warn({ err: error, call }, "a call failed");
      this.#send({ id, failure });
    }
  }
}
