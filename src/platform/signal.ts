import type { Pace } from "./timer";

/** A wake-up signal. A signal that arrives before `wait` is called is not lost. */
export class Waker {
  #rung = false;
  #wake: (() => void) | null = null;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Waits until the signal arrives, `ms` have passed, or `over` aborts. Returns whether the signal arrived. */
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
