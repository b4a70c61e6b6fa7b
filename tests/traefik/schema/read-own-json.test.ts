import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileApplication } from "#src/traefik/compiler/compile-application";
import { compileDeny } from "#src/traefik/compiler/compile-deny";
import { compileShared } from "#src/traefik/compiler/compile-shared";
import { renderValue } from "#src/traefik/compiler/render-document";
import { readYaml } from "#src/traefik/foreign/read-yaml";
import { readOwnJson } from "#src/traefik/schema/read-own-json";
import { anyDeny, anyGateway, anyHistory } from "../compiler/state-arbitrary";

/** Sorts the maps in the result of either reader by their keys. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, held]) =>
    key === "entries"
      ? [key, (held as [string, unknown][]).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(sorted)]
      : [key, sorted(held)],
  );
  return Object.fromEntries(entries);
}

/** Checks that the fast reader agrees with the grammar. @returns false if it does not accept the text */
function agrees(text: string): boolean {
  const own = readOwnJson(text);
  if (own === null) return false;
  expect(sorted(own)).toEqual(sorted(readYaml(text)));
  return true;
}

const scalar = fc.oneof(
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.string({ maxLength: 30 }),
  fc.constantFrom(
    "<<",
    "*a",
    "&a",
    "!!int 1",
    "{{",
    "2026-11-21",
    "null",
    "~",
    "0x1f",
    "\t",
    "\u007f",
    "\\/",
    "a: b",
    "# c",
  ),
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom(2 ** 63 - 1_000, -0, 1e21, 1e-7, 2 ** 53),
);
const { anything } = fc.letrec((tie) => ({
  anything: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    fc.array(tie("anything"), { minLength: 1, maxLength: 4 }),
    fc.dictionary(
      fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom("<<", "1", "__proto__", "http")),
      tie("anything"),
      {
        minKeys: 1,
        maxKeys: 4,
      },
    ),
  ),
}));

describe("the fast reader of own output", () => {
  test("the fast reader agrees with the grammar on compiled files, and accepts nearly all of them", () => {
    let accepted = 0;
    let all = 0;
    fc.assert(
      fc.property(anyHistory, anyGateway, anyDeny, ([before, now], gateway, deny) => {
        const { file } = compileApplication(now, gateway, compileApplication(before, gateway, null).fingerprints);
        for (const one of [file, compileShared(gateway), compileDeny(deny, gateway).file]) {
          if (one === null) continue;
          all++;
          if (agrees(one.text)) accepted++;
        }
      }),
      { numRuns: 300 },
    );
    expect(accepted / all).toBeGreaterThan(0.9);
  });

  test("the fast reader agrees with the grammar on any rendered value", () => {
    let accepted = 0;
    fc.assert(
      fc.property(anything, (value) => {
        if (agrees(renderedOrNothing({ value }))) accepted++;
      }),
      { numRuns: 3_000 },
    );
    expect(accepted).toBeGreaterThan(500);
  });

  test("the fast reader refuses texts that differ from the own form in one byte", () => {
    const text = compileShared({
      gatewayId: "gtw_one",
      entryPoint: "web",
      tagKey: new Uint8Array(32),
      tags: true,
    }).text;
    expect(agrees(text)).toBe(true);
    const character = fc.string({ unit: "binary", minLength: 0, maxLength: 2 });
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.nat(3), character, (at, removed, added) => {
        const mutated = text.slice(0, at) + added + text.slice(at + removed);
        // A text that still has exactly the own form (with another letter in a string) must mean the same to both.
        agrees(mutated);
      }),
      { numRuns: 3_000 },
    );
    expect(readOwnJson(text.trimEnd())).toBeNull();
    expect(readOwnJson(`${text} `)).toBeNull();
    expect(readOwnJson(text.replace('"rule"', '"priority": 1, "rule"'))).toBeNull();
    expect(readOwnJson(text.replace('"http"', '"https"'))).toBeNull();
    expect(readOwnJson(text.replace("Upgrade", "Upgr\\/ade"))).toBeNull();
    expect(readOwnJson(text.replace("Upgrade", "x".repeat(2_000)))).toBeNull();
  });
});

function renderedOrNothing(value: unknown): string {
  try {
    return renderValue(value);
  } catch {
    return "";
  }
}
