import { setImmediate } from "node:timers/promises";

/** Lets requests of the same process run. */
export const yieldToEventLoop = (): Promise<void> => setImmediate();

/** The maximum time in ms for which a long loop may block other work of the process. */
const sliceMs = 10;

/**
 * Returns a function to call between two pieces of work. It yields to the event loop after each time slice.
 */
export function yieldAfterSlice(now: () => number): () => Promise<void> {
  let sliceStart = now();
  return async () => {
    if (now() - sliceStart < sliceMs) return;
    await yieldToEventLoop();
    sliceStart = now();
  };
}
