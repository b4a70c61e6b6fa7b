import { describe, expect, test } from "vitest";
import { denyPriority, H2C_DENY_PRIORITY, routePriority, twinPriority } from "#src/traefik/compiler/priority";
import { isPathPrefix } from "#src/traefik/compiler/well-formed";

const DEEPEST = "/a".repeat(500);

describe("tiers of priority", () => {
  test("paths of every depth keep the order of the priority tiers", () => {
    expect(isPathPrefix(DEEPEST)).toBe(true);
    expect(isPathPrefix(`${DEEPEST}/a`)).toBe(false);
    const ladder = [
      denyPriority("wildcard"),
      routePriority("*.a.org", null),
      twinPriority("*.a.org", "/a"),
      routePriority("*.a.org", "/a"),
      twinPriority("*.a.org", "/a/b"),
      routePriority("*.a.org", DEEPEST),
      denyPriority("exact"),
      routePriority("b.a.org", null),
      twinPriority("b.a.org", "/a"),
      routePriority("b.a.org", "/a"),
      twinPriority("b.a.org", "/a/b"),
      routePriority("b.a.org", "/a/b"),
      routePriority("b.a.org", DEEPEST),
      H2C_DENY_PRIORITY,
    ];
    expect(ladder).toEqual([...new Set(ladder)].sort((one, other) => one - other));
  });

  test("priorities start at 2^40, are exact in JSON, and are below Traefik's maximum", () => {
    expect(denyPriority("wildcard")).toBe(2 ** 40);
    expect(Number.isSafeInteger(H2C_DENY_PRIORITY)).toBe(true);
    expect(BigInt(H2C_DENY_PRIORITY)).toBeLessThan(2n ** 63n - 1001n);
  });
});
