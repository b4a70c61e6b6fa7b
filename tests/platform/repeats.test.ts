import { expect, test } from "vitest";
import { Repeats } from "#src/platform/repeats";

const limits = { firstMs: 10_000, mostMs: 3_600_000 };

test("a problem that repeats every second for a week is logged fewer than 200 times", () => {
  const repeats = new Repeats(limits);
  const lines: number[] = [];
  for (let now = 0; now < 7 * 86_400_000; now += 1_000) if (repeats.due("EACCES", now) !== null) lines.push(now);
  expect(lines.slice(0, 4)).toEqual([0, 10_000, 30_000, 70_000]);
  expect(lines.length).toBeLessThan(200);
});

test("each log line states how many repetitions before it were not logged", () => {
  const repeats = new Repeats(limits);
  const answers = [0, 1, 2, 10_000, 10_001].map((now) => repeats.due("EACCES", now));
  expect(answers).toEqual([0, null, null, 2, null]);
});

test("a new problem is logged at once, and two alternating problems are not logged more often than one", () => {
  const repeats = new Repeats(limits);
  const lines: string[] = [];
  for (let now = 0; now < 60_000; now += 1_000) {
    const problem = now % 2_000 === 0 ? "EACCES" : "ENOSPC";
    if (repeats.due(problem, now) !== null) lines.push(problem);
  }
  expect(lines).toEqual(["EACCES", "ENOSPC", "EACCES", "ENOSPC", "EACCES", "ENOSPC"]);
});

test("a problem that returns after it was over is logged at once", () => {
  const repeats = new Repeats(limits);
  repeats.due("EACCES", 0);
  expect(repeats.over()).toBe(true);
  expect(repeats.over()).toBe(false);
  expect(repeats.due("EACCES", 1)).toBe(0);
});
