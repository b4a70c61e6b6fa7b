import { setTimeout as delay } from "node:timers/promises";

/**
 * Every answer to a sign-in waits until so much time has passed since it arrived, in milliseconds: an account that is not
 * there, a wrong password, a locked account and a slow hash from elsewhere are told apart neither by word nor by time.
 *
 * Above the slowest hash that is checked: bcrypt of cost 12 in JavaScript takes 250 ms on a free core, 450 ms on a busy
 * machine (measured), the new hash after it 10 ms to 30 ms.
 */
export const answerFloorMs = 750;

/**
 * Does the work, and hands its outcome on no sooner than `floorMs` after it began.
 * @param work gets a function that makes the time begin again: after a wait in a queue, which is as long for any account,
 * the slow hash still ends before the floor does
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
