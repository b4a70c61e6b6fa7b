import { describe, expect, it } from "vitest";
import { type HashCaller, hashQueues } from "#src/platform/passwords/hash-queues";

const noRest = () => Promise.resolve();

/** Hashing with a clock of the test. A hash ends when the test advances the clock by `hashMs`. */
function heldHashing({ threads = 1, hashMs = 30, rest = noRest as (ms: number) => Promise<unknown> } = {}) {
  let time = 0;
  const queues = hashQueues({ threads, now: () => time, rest });
  const running: (() => void)[] = [];
  const completed: string[] = [];
  const refused: unknown[] = [];
  let atOnce = 0;
  let mostAtOnce = 0;
  const hash = (name: string, caller: HashCaller) => {
    const work = async () => {
      atOnce++;
      mostAtOnce = Math.max(mostAtOnce, atOnce);
      await new Promise<void>((resolve) => running.push(resolve));
      atOnce--;
      completed.push(name);
    };
    return queues.run(caller, work).catch((refusal: unknown) => void refused.push(refusal));
  };
  /** Ends all running hashes, in this many rounds. */
  const advance = async (rounds: number) => {
    for (let round = 0; round < rounds; round++) {
      await settled();
      time += hashMs;
      for (const end of running.splice(0)) end();
    }
    await settled();
  };
  return { queues, hash, advance, completed, refused, most: () => mostAtOnce };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const org = (name: string): HashCaller => ({ known: `org_${name}` });
const address = (number: number): HashCaller => ({ stranger: `198.51.100.${number}` });

describe("hashes of visitors' passwords", () => {
  it("400 hashes of one organization delay the only hash of another one by two hashes at most", async () => {
    const { hash, advance, completed, refused } = heldHashing();
    for (let number = 0; number < 400; number++) void hash("a", org("a"));
    void hash("b", org("b"));
    await advance(3);
    expect(completed).toContain("b");
    expect(completed.indexOf("b")).toBeLessThanOrEqual(2);
    expect(refused.length).toBeGreaterThan(300);
  });

  it("a long queue of one organization delays the hashes of ten others by one turn each", async () => {
    const { hash, advance, completed } = heldHashing({ threads: 2 });
    for (let number = 0; number < 60; number++) void hash("a", org("a"));
    for (let number = 0; number < 10; number++) void hash(`b${number}`, org(`b${number}`));
    await advance(10);
    for (let number = 0; number < 10; number++) expect(completed).toContain(`b${number}`);
    expect(completed.length).toBeLessThanOrEqual(20);
  });

  it("hashes beyond an organization's share are refused as busy, with the time until its queue is empty", async () => {
    const { hash, advance, refused } = heldHashing({ hashMs: 500 });
    const warm = Array.from({ length: 40 }, () => hash("warm", org("a")));
    await advance(40);
    await Promise.all(warm);
    for (let number = 0; number < 66; number++) void hash("a", org("a"));
    await settled();
    expect(refused).toMatchObject([{ kind: "unavailable", reason: "busy" }]);
    const [{ retryAfter }] = refused as [{ retryAfter: number }];
    expect(retryAfter).toBeGreaterThan(25); // 64 waiting hashes, half a second each
    expect(retryAfter).toBeLessThan(35);
  });

  it("the hashes of a thousand organizations have one common bound", async () => {
    const { hash, refused } = heldHashing();
    for (let number = 0; number < 1_000; number++) void hash("one", org(String(number)));
    await settled();
    expect(refused.length).toBeGreaterThan(400);
    expect(refused[0]).toMatchObject({ kind: "unavailable", reason: "busy" });
  });

  it("a hash of an organization waits for two hashes at most during a flood of anonymous sign-ins", async () => {
    const { hash, advance, completed } = heldHashing();
    for (let number = 0; number < 200; number++) void hash("stranger", address(number));
    void hash("b", org("b"));
    await advance(3);
    expect(completed).toContain("b");
  });
});

describe("hashes of unknown callers", () => {
  it.each([
    [1, 10],
    [1, 30],
    [1, 300],
    [3, 60],
    [3, 1_500],
  ])(
    "on %i threads, unknown callers are refused if over a second of hashes and over five wait, at %i ms each",
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
      const aSecond = Math.max(5, (1_000 * threads) / (2 * hashMs)); // each with the pause after it
      expect(accepted).toBeGreaterThanOrEqual(0.8 * aSecond - 1);
      expect(accepted).toBeLessThanOrEqual(1.2 * aSecond + 1);
      expect(refused[0]).toMatchObject({ reason: "busy", retryAfter: expect.any(Number) });
      const longest = Math.max(2, (5 * 2 * hashMs) / threads / 1_000);
      for (const refusal of refused)
        expect((refusal as { retryAfter: number }).retryAfter).toBeLessThanOrEqual(longest + 1);
    },
  );

  it("hashes of known and unknown callers together never use more threads than exist", async () => {
    const { hash, advance, most } = heldHashing({ threads: 2 });
    for (let number = 0; number < 50; number++) {
      void hash("stranger", address(number));
      void hash("known", org(String(number)));
    }
    await advance(20);
    expect(most()).toBe(2);
  });

  it("one address, one IPv6 network, or all callers without an address get only one share of the queue", async () => {
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

  it("requireRoom refuses an unknown caller exactly while the queue is full", async () => {
    const { queues, hash, advance } = heldHashing();
    const caller = address(250);
    queues.requireRoom(caller);
    for (let number = 0; number < 200; number++) void hash("flood", address(number));
    expect(() => queues.requireRoom(caller)).toThrow(expect.objectContaining({ reason: "busy" }));
    await advance(1);
    queues.requireRoom(caller);
  });

  it("a thread pauses after a hash of an unknown caller, and neither its answer nor a known caller waits for that", async () => {
    const rests: { readonly ms: number; readonly end: () => void }[] = [];
    const rest = (ms: number) => new Promise<void>((resolve) => rests.push({ ms, end: resolve }));
    const { hash, advance, completed } = heldHashing({ hashMs: 40, rest });
    const answered: string[] = [];
    void hash("first", address(1)).then(() => answered.push("first"));
    void hash("second", address(2));
    await advance(5);
    expect([completed, answered]).toEqual([["first"], ["first"]]);
    expect(rests).toHaveLength(1);
    expect(rests[0]?.ms).toBeGreaterThanOrEqual(30); // the average of the initial estimate and the measured 40 ms
    expect(rests[0]?.ms).toBeLessThanOrEqual(40);
    void hash("known", org("a"));
    await advance(1);
    expect(completed).toEqual(["first", "known"]);
    rests[0]?.end();
    await advance(1);
    expect(completed).toEqual(["first", "known", "second"]);
  });

  it("a hash reports when its turn comes", async () => {
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

it("the queue admits at most 125 unknown callers for each thread, even if the measured hashes are very short", async () => {
  const queues = hashQueues({ threads: 1, now: () => 0, rest: noRest });
  for (let number = 0; number < 200; number++) await queues.run({ stranger: "192.0.2.1" }, async () => undefined);
  await settled(); // the pause after the last hash is over
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
