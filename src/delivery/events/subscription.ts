import type { EventMessage, Follower, Message, Subscription } from "#src/platform/events";

/**
 * The most messages that wait for one reader. A reader that is slower loses its stream, and resumes it later. It is more
 * than one look can report, and more than a stream that resumes can have missed.
 */
export const mostWaiting = 512;

/** The messages that wait for one follower. */
export class Stream implements Subscription {
  #waiting: Message[] = [];
  #isOver = false;
  #ring: (() => void) | null = null;

  /** @param onEnd called once, when the stream takes no more messages */
  constructor(
    readonly follower: Follower,
    private readonly onEnd: () => void,
  ) {}

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Adds an event, if the follower may see it. */
  offer(message: EventMessage): void {
    if (message.event.kind === "reset" || this.follower.sees(message.event)) this.push(message);
  }

  push(message: Message): void {
    if (this.#isOver) return;
    if (this.#waiting.length >= mostWaiting) {
      this.#waiting = [];
      this.end();
      return;
    }
    this.#waiting.push(message);
    this.#ring?.();
  }

  /** Keeps the connection open if nothing else does. */
  beat(position: string): void {
    if (this.#waiting.length === 0) this.push({ kind: "heartbeat", position });
  }

  /** Ends the stream with a last message. */
  finish(reason: string): void {
    this.push({ kind: "end", reason });
    this.end();
  }

  async next(): Promise<readonly Message[] | null> {
    while (this.#waiting.length === 0) {
      if (this.#isOver) return null;
      await new Promise<void>((resolve) => {
        this.#ring = resolve;
      });
      this.#ring = null;
    }
    const messages = this.#waiting;
    this.#waiting = [];
    return messages;
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.onEnd();
    this.#ring?.();
  }
}
