import { describe, expect, it } from "vitest";
import { takeTurns } from "../../src/identity/turns";

function held() {
  const started: number[] = [];
  const letGo: (() => void)[] = [];
  const work = (name: number) => () => {
    started.push(name);
    return new Promise<number>((resolve) => letGo.push(() => resolve(name)));
  };
  return { started, letGo, work };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("turns", () => {
  it("run so many at once, in the order in which they came", async () => {
    const { started, letGo, work } = held();
    const turn = takeTurns(2, 10);
    const all = [1, 2, 3, 4].map((name) => turn(work(name)));
    await settled();
    expect(started).toEqual([1, 2]);
    letGo[1]?.();
    await settled();
    expect(started).toEqual([1, 2, 3]);
    for (let at = 0; at < 4; at++) {
      letGo[at]?.();
      await settled();
    }
    expect(await Promise.all(all)).toEqual([1, 2, 3, 4]);
  });

  it("refuse what would wait behind too many", async () => {
    const { letGo, work } = held();
    const turn = takeTurns(1, 1);
    const [first, second] = [turn(work(1)), turn(work(2))];
    await expect(turn(work(3))).rejects.toMatchObject({ kind: "unavailable", reason: "busy" });
    letGo[0]?.();
    await settled();
    letGo[1]?.();
    expect(await Promise.all([first, second])).toEqual([1, 2]);
    const later = turn(work(4));
    letGo[2]?.();
    expect(await later).toBe(4);
  });

  it("go on after work that failed", async () => {
    const turn = takeTurns(1, 1);
    await expect(turn(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await turn(async () => 7)).toBe(7);
  });
});
