import { describe, expect, it } from "vitest";
import { fairQueue, Slots } from "#src/platform/fair-share";

/** Work that stays unfinished until the test ends it, with the order in which it was started. */
function heldWork() {
  const started: string[] = [];
  const endings = new Map<string, () => void>();
  const work = (name: string) => () => {
    started.push(name);
    return new Promise<string>((resolve) => endings.set(name, () => resolve(name)));
  };
  const end = async (name: string) => {
    endings.get(name)?.();
    await settled();
  };
  return { started, work, end };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const refuse = (reached: string) => new Error(`refused: ${reached}`);

describe("slots", () => {
  it("slots refuse an owner that holds its whole share, and still admit another owner", () => {
    const slots = new Slots({ total: 3, perOwner: 2 });
    expect([slots.take("acme"), slots.take("acme"), slots.take("acme")].map((taken) => typeof taken)).toEqual([
      "function",
      "function",
      "string",
    ]);
    expect(slots.take("acme")).toBe("perOwner");
    expect(slots.take("beta")).toBeTypeOf("function");
    expect(slots.take("beta")).toBe("total");
  });

  it("a released slot is free again, and a second release has no effect", () => {
    const slots = new Slots({ total: 2, perOwner: 2 });
    const first = slots.take("acme");
    slots.take("acme");
    if (typeof first !== "function") throw new Error("no slot");
    first();
    first();
    expect(slots.total).toBe(1);
    expect(slots.heldBy("acme")).toBe(1);
  });
});

describe("a fair queue", () => {
  const bounds = { running: { total: 1, perOwner: 1 }, waiting: { total: 10, perOwner: 4 }, refuse };

  it("a fair queue serves owners in turn: a second owner waits for one entry of the first owner", async () => {
    const { started, work, end } = heldWork();
    const run = fairQueue(bounds);
    const all = ["a1", "a2", "a3"].map((name) => run("a", work(name)));
    all.push(run("b", work("b1")));
    await settled();
    for (const name of ["a1", "a2", "b1", "a3"]) await end(name);
    expect(started).toEqual(["a1", "a2", "b1", "a3"]);
    expect(await Promise.all(all)).toEqual(["a1", "a2", "a3", "b1"]);
  });

  it("a fair queue refuses an owner whose share of waiting work is used up, and still queues work of others", async () => {
    const { work, end } = heldWork();
    const run = fairQueue(bounds);
    const names = ["a1", "a2", "a3", "a4", "a5"];
    const waiting = names.map((name) => run("a", work(name)));
    await expect(run("a", work("a6"))).rejects.toThrow("refused: perOwner");
    waiting.push(run("b", work("b1")));
    for (const name of ["a1", "a2", "b1", "a3", "a4", "a5"]) await end(name);
    expect(await Promise.all(waiting)).toEqual([...names, "b1"]);
  });

  it("a fair queue keeps slots free for other owners when one owner has reached its concurrency limit", async () => {
    const { started, work, end } = heldWork();
    const run = fairQueue({ ...bounds, running: { total: 2, perOwner: 1 } });
    const all = [run("a", work("a1")), run("a", work("a2")), run("b", work("b1"))];
    await settled();
    expect(started).toEqual(["a1", "b1"]);
    for (const name of ["b1", "a1", "a2"]) await end(name);
    expect(await Promise.all(all)).toEqual(["a1", "a2", "b1"]);
  });

  it("a fair queue continues after failed work", async () => {
    const run = fairQueue(bounds);
    await expect(run("a", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await run("a", async () => 7)).toBe(7);
  });

  it("a fair queue never exceeds its bounds, in any order of arrivals and ends", async () => {
    const run = fairQueue({ ...bounds, running: { total: 3, perOwner: 2 }, waiting: { total: 1000, perOwner: 1000 } });
    const running = new Map<string, number>();
    let most = 0;
    let mostOfOne = 0;
    const work = (owner: string) => async () => {
      running.set(owner, (running.get(owner) ?? 0) + 1);
      most = Math.max(
        most,
        [...running.values()].reduce((sum, count) => sum + count, 0),
      );
      mostOfOne = Math.max(mostOfOne, ...running.values());
      for (let turns = 0; turns < owner.charCodeAt(0) % 4; turns++) await settled();
      running.set(owner, (running.get(owner) ?? 0) - 1);
    };
    const owners = Array.from({ length: 300 }, (_, at) => (at % 3 === 0 ? "a" : "b"));
    await Promise.all(owners.map((owner) => run(owner, work(owner))));
    expect([most, mostOfOne]).toEqual([3, 2]);
  });
});
