import { describe, expect, test } from "vitest";
import { ActiveRequests, type RequestSlot } from "#src/http/active-requests";
import { Refusal } from "#src/platform/errors/refusal";

const here = "203.0.113.7";
const bounds = { active: { total: 8, perOwner: 3 }, streams: { total: 3, perOwner: 2 } };

async function enterAs(requests: ActiveRequests, owner: string, credential = `key of ${owner}`): Promise<RequestSlot> {
  const slot = await requests.enter(here, credential);
  slot.assign(owner);
  return slot;
}

const reasonOf = (error: unknown) => (error instanceof Refusal ? [error.reason, error.retryAfter] : error);
const refusalOf = async (entering: Promise<unknown>) =>
  reasonOf(
    await entering.then(
      () => "entered",
      (error) => error,
    ),
  );
const overloaded = ["overloaded", 1];

describe("active requests", () => {
  test("active requests are limited per organization across all its keys", async () => {
    const requests = new ActiveRequests(bounds);
    const slots = [
      await enterAs(requests, "a", "1"),
      await enterAs(requests, "a", "2"),
      await enterAs(requests, "a", "3"),
    ];
    expect(await refusalOf(enterAs(requests, "a", "4"))).toEqual(overloaded);
    expect(await refusalOf(enterAs(requests, "a", "1"))).toEqual(overloaded);
    await enterAs(requests, "b");
    slots[0]?.release();
    await enterAs(requests, "a", "4");
  });

  test("active requests are limited in total", async () => {
    const requests = new ActiveRequests(bounds);
    for (const owner of ["a", "a", "a", "b", "b", "b", "c", "c"]) await enterAs(requests, owner);
    expect(requests.active).toBe(8);
    expect(await refusalOf(enterAs(requests, "d"))).toEqual(overloaded);
  });

  test("requests of a known credential are refused before they use a slot of another organization", async () => {
    const requests = new ActiveRequests(bounds);
    (await enterAs(requests, "a")).release();
    const entering = Array.from({ length: 20 }, () => refusalOf(requests.enter(here, "key of a")));
    const refusals = (await Promise.all(entering)).filter((outcome) => outcome !== "entered");
    expect([refusals.length, requests.active]).toEqual([17, 3]);
    await enterAs(requests, "b");
  });

  test("requests of new credentials wait for their lookup and are not refused only because they are many", async () => {
    const requests = new ActiveRequests({ ...bounds, active: { total: 256, perOwner: 64 } });
    const all = Array.from({ length: 256 }, (_, at) => enterAs(requests, `organization ${at % 4}`, `key ${at}`));
    await Promise.all(all);
    expect(requests.active).toBe(256);
    expect(await refusalOf(enterAs(requests, "organization 5"))).toEqual(overloaded);
  });

  test("anonymous requests are limited to half of the total, and per address like an organization", async () => {
    const requests = new ActiveRequests(bounds);
    for (let at = 0; at < 3; at++) await requests.enter(here, null);
    expect(await refusalOf(requests.enter(here, null))).toEqual(overloaded);
    const other = await requests.enter("198.51.100.1", null);
    expect(await refusalOf(requests.enter("198.51.100.2", null))).toEqual(overloaded);
    for (const owner of ["a", "a", "b", "b"]) await enterAs(requests, owner);
    other.release();
    expect(requests.active).toBe(7);
  });

  test("a slot is released once, however often release is called", async () => {
    const requests = new ActiveRequests(bounds);
    const [first] = [await enterAs(requests, "a"), await enterAs(requests, "a")];
    first.release();
    first.release();
    first.assign("a"); // a released request takes no slot again
    first.assign("b");
    expect(requests.active).toBe(1);
    const stranger = await requests.enter(here, null);
    stranger.release();
    stranger.release();
    expect(requests.active).toBe(1);
  });

  test("requests that will wait take no slot and are looked up in turn", async () => {
    const requests = new ActiveRequests(bounds);
    const waits = Array.from({ length: 1_000 }, async (_, at) => {
      const slot = await requests.enterToWait(here, `key ${at % 10}`);
      slot.assign(`organization ${at % 10}`);
      await Promise.resolve();
      slot.release();
    });
    const other = await enterAs(requests, "b");
    await Promise.all(waits);
    expect(requests.active).toBe(1);
    other.release();
  });

  test("a request that is refused at its assignment to an organization holds no slot", async () => {
    const requests = new ActiveRequests(bounds);
    for (let at = 0; at < 3; at++) await enterAs(requests, "a", `key ${at}`);
    const slot = await requests.enter(here, "new key");
    expect(() => slot.assign("a")).toThrow("You have as many active requests as there may be at once.");
    slot.release();
    expect(requests.active).toBe(3);
  });

  test("streamed responses have separate limits", async () => {
    const requests = new ActiveRequests(bounds);
    const slot = await enterAs(requests, "a");
    const close = slot.openStream("a");
    slot.openStream("a");
    expect(() => slot.openStream("a")).toThrow("You have as many exports that are being sent as there may be at once.");
    slot.openStream("b");
    expect(() => slot.openStream("c")).toThrow("This process has as many exports that are being sent as");
    close();
    close();
    slot.openStream("c");
    expect(requests.active).toBe(1);
  });
});
