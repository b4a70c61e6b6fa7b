import { Unavailable } from "../core/errors";

/** Runs work when it is its turn. @throws Unavailable `busy` where too much waits already */
export type Turns = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * Turns at what keeps a core busy, first come, first served: a flood of it leaves the rest of the process its cores, and
 * what would wait longer than anybody does is refused at once.
 * @param atOnce how much runs at the same time
 * @param most how much may wait for its turn
 */
export function takeTurns(atOnce: number, most: number): Turns {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running < atOnce) running += 1;
    else {
      if (waiting.length >= most) throw new Unavailable("busy", "Too many sign in at once. Try again in a moment.");
      await new Promise<void>((turn) => waiting.push(turn)); // whoever ends hands its place on
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
