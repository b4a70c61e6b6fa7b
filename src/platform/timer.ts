/** Monotonic time and waiting as a value, so that tests control how time passes. */
export interface Pace {
  /** ms since some moment; never goes back. */
  now(): number;
  /** Resolves after `ms`, or immediately if `until` aborts; never rejects. */
  sleep(ms: number, until: AbortSignal): Promise<void>;
}

export const realPace: Pace = {
  now: () => performance.now(),
  sleep: (ms, until) =>
    new Promise((resolve) => {
      if (until.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        until.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      until.addEventListener("abort", done, { once: true });
    }),
};
