import { describe, expect, it } from "vitest";
import { type HashCaller, hashQueues } from "../../../src/platform/passwords/hash-queues";

const noRest = () => Promise.resolve();

/** Hashing with a clock that the test turns on: every hash ends when the test ends it, after `hashMs`. */
function heldHashing({ threads = 1, hashMs = 30, rest = noRest as (ms: number) => Promise<unknown> } = {}) {
  let time = 0;
  const queues = hashQueues({ threads, now: () => time, rest });
  const underWay: (() => void)[] = [];
  const completed: string[] = [];
  const refused: unknown[] = [];
  let atOnce = 0;
  let mostAtOnce = 0;
  const hash = (name: string, caller: HashCaller) => {
    const work = async () => {
      atOnce++;
      mostAtOnce = Math.max(mostAtOnce, atOnce);
      await new Promise<void>((resolve) => underWay.push(resolve));
      atOnce--;
      completed.push(name);
    };
    return queues.run(caller, work).catch((refusal: unknown) => void refused.push(refusal));
  };
  /** Ends what is under way, so many times. */
  const advance = async (rounds: number) => {
    for (let round = 0; round < rounds; round++) {
      await settled();
      time += hashMs;
      for (const end of underWay.splice(0)) end();
    }
    await settled();
  };
  return { queues, hash, advance, completed, refused, most: () => mostAtOnce };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const org = (name: string): HashCaller => ({ known: `org_${name}` });
const address = (number: number): HashCaller => ({ stranger: `198.51.100.${number}` });

describe("hashes of visitors' passwords", () => {
  it("of an organization that sends 400 delay another organization's only one by two hashes at most", async () => {
    const { hash, advance, completed, refused } = heldHashing();
    for (let number = 0; number < 400; number++) void hash("a", org("a"));
    void hash("b", org("b"));
    await advance(3);
    expect(completed).toContain("b");
    expect(completed.indexOf("b")).toBeLessThanOrEqual(2);
    expect(refused.length).toBeGreaterThan(300);
  });

  it("delay those of ten other organizations by one turn of each", async () => {
    const { hash, advance, completed } = heldHashing({ threads: 2 });
    for (let number = 0; number < 60; number++) void hash("a", org("a"));
    for (let number = 0; number < 10; number++) void hash(`b${number}`, org(`b${number}`));
    await advance(10);
    for (let number = 0; number < 10; number++) expect(completed).toContain(`b${number}`);
    expect(completed.length).toBeLessThanOrEqual(20);
  });

  it("beyond an organization's share are refused as busy, with the time in which its waiting ones are hashed", async () => {
    const { hash, advance, refused } = heldHashing({ hashMs: 500 });
    const warm = Array.from({ length: 40 }, () => hash("warm", org("a")));
    await advance(40);
    await Promise.all(warm);
    for (let number = 0; number < 66; number++) void hash("a", org("a"));
    await settled();
    expect(refused).toMatchObject([{ kind: "unavailable", reason: "busy" }]);
    const [{ retryAfter }] = refused as [{ retryAfter: number }];
    expect(retryAfter).toBeGreaterThan(25); // 64 that wait, half a second each
    expect(retryAfter).toBeLessThan(35);
  });

  it("of a thousand organizations are bounded together", async () => {
    const { hash, refused } = heldHashing();
    for (let number = 0; number < 1_000; number++) void hash("one", org(String(number)));
    await settled();
    expect(refused.length).toBeGreaterThan(400);
    expect(refused[0]).toMatchObject({ kind: "unavailable", reason: "busy" });
  });

  it("wait for two hashes at most while strangers flood the sign-in", async () => {
    const { hash, advance, completed } = heldHashing();
    for (let number = 0; number < 200; number++) void hash("stranger", address(number));
    void hash("b", org("b"));
    await advance(3);
    expect(completed).toContain("b");
  });
});

describe("hashes of strangers", () => {
  it.each([
    [1, 10],
    [1, 30],
    [1, 300],
    [3, 60],
    [3, 1_500],
  ])(
    "on %i threads are refused when more than a second of them and more than five wait, at %i ms each",
    async (threads, hashMs) => {
      const { hash, advance, refused, completed } = heldHashing({ threads, hashMs });
      for (let number = 0; number < 120; number++) {
        void hash("measured", address(number % 250));
        await advance(1);
      }
      expect([completed.length, refused.length]).toEqual([120, 0]);
      for (let number = 0; number < 1_000; number++)
        void hash("flood", { stranger: `10.0.${number >> 8}.${number & 255}` });
      await settled();
      const accepted = 1_000 - refused.length - threads;
      const aSecond = Math.max(5, (1_000 * threads) / (2 * hashMs)); // each with the rest after it
      expect(accepted).toBeGreaterThanOrEqual(0.8 * aSecond - 1);
      expect(accepted).toBeLessThanOrEqual(1.2 * aSecond + 1);
      expect(refused[0]).toMatchObject({ reason: "busy", retryAfter: expect.any(Number) });
      const longest = Math.max(2, (5 * 2 * hashMs) / threads / 1_000);
      for (const refusal of refused)
        expect((refusal as { retryAfter: number }).retryAfter).toBeLessThanOrEqual(longest + 1);
    },
  );

  it("never occupy more threads than there are, together with the known ones", async () => {
    const { hash, advance, most } = heldHashing({ threads: 2 });
    for (let number = 0; number < 50; number++) {
      void hash("stranger", address(number));
      void hash("known", org(String(number)));
    }
    await advance(20);
    expect(most()).toBe(2);
  });

  it("from one address, or from one IPv6 network, take its share only, and so do all without an address", async () => {
    for (const callerOf of [
      () => address(1),
      (number: number) => ({ stranger: `2001:db8::${number.toString(16)}` }),
      () => ({ stranger: null }),
    ]) {
      const { hash, advance, refused, completed } = heldHashing();
      for (let number = 0; number < 100; number++) void hash("flood", callerOf(number));
      await settled();
      expect(refused.length).toBeGreaterThan(80);
      void hash("other", address(2));
      await advance(3);
      expect(completed).toContain("other");
    }
  });

  it("are refused before anything else is done for them while no more may wait, and only then", async () => {
    const { queues, hash, advance } = heldHashing();
    const caller = address(250);
    queues.requireRoom(caller);
    for (let number = 0; number < 200; number++) void hash("flood", address(number));
    expect(() => queues.requireRoom(caller)).toThrow(expect.objectContaining({ reason: "busy" }));
    await advance(1);
    queues.requireRoom(caller);
  });

  it("leave a thread alone after each for as long as it took, while answers and known callers do not wait for that", async () => {
    const rests: { readonly ms: number; readonly end: () => void }[] = [];
    const rest = (ms: number) => new Promise<void>((resolve) => rests.push({ ms, end: resolve }));
    const { hash, advance, completed } = heldHashing({ hashMs: 40, rest });
    const answered: string[] = [];
    void hash("first", address(1)).then(() => answered.push("first"));
    void hash("second", address(2));
    await advance(5);
    expect([completed, answered]).toEqual([["first"], ["first"]]);
    expect(rests).toHaveLength(1);
    expect(rests[0]?.ms).toBeGreaterThanOrEqual(30); // the average of what was guessed and the 40 ms that it took
    expect(rests[0]?.ms).toBeLessThanOrEqual(40);
    void hash("known", org("a"));
    await advance(1);
    expect(completed).toEqual(["first", "known"]);
    rests[0]?.end();
    await advance(1);
    expect(completed).toEqual(["first", "known", "second"]);
  });

  it("say when their turn comes", async () => {
    const { hash, advance } = heldHashing();
    let turns = 0;
    void hash("first", address(1));
    void hash("second", { stranger: "198.51.100.2", onTurn: () => turns++ });
    await settled();
    expect(turns).toBe(0);
    await advance(1);
    expect(turns).toBe(1);
  });
});

it("admits no more than 125 waiting strangers for each thread, however short the hashes were measured to be", async () => {
  const queues = hashQueues({ threads: 1, now: () => 0, rest: noRest });
  for (let number = 0; number < 200; number++) await queues.run({ stranger: "192.0.2.1" }, async () => undefined);
  await settled(); // the last one's rest is over
  let end: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    end = resolve;
  });
  const first = queues.run({ stranger: "192.0.2.1" }, () => held);
  const others = Array.from({ length: 300 }, (_, number) =>
    queues.run({ stranger: `10.0.${number >> 8}.${number & 255}` }, async () => undefined).catch(() => "refused"),
  );
  await new Promise((resolve) => setImmediate(resolve));
  end();
  await first;
  expect((await Promise.all(others)).filter((outcome) => outcome === "refused")).toHaveLength(175);
});
