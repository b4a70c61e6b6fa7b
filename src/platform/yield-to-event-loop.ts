import { breathe } from "./timer";

/** How long other work of the process may have to wait for a turn, in ms, where much is done at once. */
const turnMs = 10;

/** A function to call between two pieces of work: it lets other work of the process run once a turn is over. */
export function givingWay(now: () => number): () => Promise<void> {
  let begun = now();
  return async () => {
    if (now() - begun < turnMs) return;
    await breathe();
    begun = now();
  };
}
