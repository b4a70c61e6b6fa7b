import { setTimeout as delay } from "node:timers/promises";

/**
 * The minimum duration of every response to a sign-in, in milliseconds. A missing account, a wrong password, a locked
 * account and a slow imported hash cannot be distinguished by the message or by the time.
 *
 * It is above the slowest hash that is checked: bcrypt of cost 12 in JavaScript takes 250 ms on a free core, 450 ms on
 * a busy machine (measured), and the new hash after it 10 ms to 30 ms.
 */
export const responseFloorMs = 750;

/**
 * Does the work, and returns its outcome no sooner than `floorMs` after the start.
 * @param work receives a function that restarts the time. It is called after a wait in a queue, which has the same
 * length for every account, so that the slow hash still ends before the floor
 */
export async function noSoonerThan<T>(floorMs: number, work: (beginAgain: () => void) => Promise<T>): Promise<T> {
  let began = performance.now();
  try {
    return await work(() => {
      began = performance.now();
    });
  } finally {
    const left = floorMs - (performance.now() - began);
    if (left > 0) await delay(left);
  }
}
