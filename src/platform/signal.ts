import type { Pace } from "./timer";

/** A bell: whoever waits wakes when it rings, and a ring that came before the waiting is not lost. */
export class Waker {
  #rung = false;
  #wake: (() => void) | null = null;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Until it rings, `ms` have passed, or `over` aborts. Says whether it rang. */
  async wait(ms: number, pace: Pace, over: AbortSignal): Promise<boolean> {
    if (!this.#rung && !over.aborted) {
      const bell = new AbortController();
      const stop = () => bell.abort();
      this.#wake = stop;
      over.addEventListener("abort", stop, { once: true });
      await pace.sleep(ms, bell.signal);
      over.removeEventListener("abort", stop);
      this.#wake = null;
    }
    const rung = this.#rung;
    this.#rung = false;
    return rung;
  }
}
