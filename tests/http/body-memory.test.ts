import { describe, expect, test } from "vitest";
import { BodyMemory } from "#src/http/body-memory";

const bounds = { strangers: { total: 100, perOwner: 40 }, known: { total: 200, perOwner: 150 } };

describe("the memory of bodies", () => {
  test("body memory is limited per address and for all anonymous callers", () => {
    const memory = new BodyMemory(bounds);
    const [a, again, b, c] = ["a", "a", "b", "c"].map((address) => memory.open(address));
    expect(a?.grow(40)).toBeNull();
    expect(again?.grow(1)).toBe("perOwner");
    expect(b?.grow(40)).toBeNull();
    expect(c?.grow(21)).toBe("total");
    expect(memory.held).toBe(80);
  });

  test("body memory is counted for the organization once the caller is known, which frees anonymous memory", () => {
    const memory = new BodyMemory(bounds);
    const body = memory.open("a");
    body.grow(40);
    expect(body.recognize("org")).toBeNull();
    expect(memory.open("a").grow(40)).toBeNull();
    expect(body.grow(110)).toBeNull();
    expect(body.grow(1)).toBe("perOwner");
    expect(memory.held).toBe(190);
    body.close();
    body.close();
    expect(memory.held).toBe(40);
  });

  test("body memory stays with the address if the organization has no room", () => {
    const memory = new BodyMemory(bounds);
    const first = memory.open("a");
    first.recognize("org");
    first.grow(150);
    const second = memory.open("b");
    second.grow(10);
    expect(second.recognize("org")).toBe("perOwner");
    second.close();
    first.close();
    expect(memory.held).toBe(0);
  });
});
