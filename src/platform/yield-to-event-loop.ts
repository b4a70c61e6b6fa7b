import { breathe } from "./timer";

/** The maximum time in ms for which a long loop may block other work of the process. */
const turnMs = 10;

/**
 * Returns a function to call between two pieces of work: it yields to other work of the process after each time slice.
 */
export function givingWay(now: () => number): () => Promise<void> {
  let begun = now();
  return async () => {
    if (now() - begun < turnMs) return;
    await breathe();
    begun = now();
  };
}
