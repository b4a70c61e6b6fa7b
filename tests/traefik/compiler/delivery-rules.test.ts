import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chainDigest } from "#src/traefik/compiler/chain-digest";
import { type Effect, orderBatch } from "#src/traefik/compiler/order-batch";

const KEY = new Uint8Array(32).fill(7);

describe("the order of a batch", () => {
  test("a batch is ordered as closing files, opening files, then removals, each by name", () => {
    const batch: { name: string; effect: Effect }[] = [
      { name: "d", effect: "removes" },
      { name: "c", effect: "opens" },
      { name: "b", effect: "removes" },
      { name: "z", effect: "closes" },
      { name: "a", effect: "opens" },
    ];
    expect(orderBatch(batch).map(({ name }) => name)).toEqual(["z", "a", "c", "b", "d"]);
    expect(batch.map(({ name }) => name)).toEqual(["d", "c", "b", "z", "a"]);
  });

  test("every prefix of a batch closes everything before it opens anything", () => {
    const action = fc.record({ name: fc.string(), effect: fc.constantFrom<Effect>("closes", "opens", "removes") });
    fc.assert(
      fc.property(fc.array(action), (batch) => {
        const turns = orderBatch(batch).map(({ effect }) => ["closes", "opens", "removes"].indexOf(effect));
        expect(turns).toEqual([...turns].sort());
        expect(turns).toHaveLength(batch.length);
      }),
    );
  });
});

describe("the digest of a delivery", () => {
  const batch = [
    { name: "app_a.yml", digest: "1" },
    { name: "app_b.yml", digest: null },
  ];

  test("the digest of a delivery does not depend on the order of the batch, and has 32 characters safe for a header", () => {
    expect(chainDigest("", batch, KEY)).toBe(chainDigest("", [...batch].reverse(), KEY));
    expect(chainDigest("", batch, KEY)).toMatch(/^[a-z2-7]{32}$/);
  });

  test("the digest of a delivery changes with the previous digest, any file, any digest of a file, and the key", () => {
    const all = [
      chainDigest("", batch, KEY),
      chainDigest("x", batch, KEY),
      chainDigest("", batch.slice(1), KEY),
      chainDigest("", [{ name: "app_a.yml", digest: null }, ...batch.slice(1)], KEY),
      chainDigest("", [{ name: "app_a.yml", digest: "2" }, ...batch.slice(1)], KEY),
      chainDigest(
        "",
        batch,
        KEY.map((byte) => byte + 1),
      ),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  test("chainDigest refuses a key that is too short", () => {
    expect(() => chainDigest("", batch, new Uint8Array(15))).toThrow(RangeError);
  });
});
