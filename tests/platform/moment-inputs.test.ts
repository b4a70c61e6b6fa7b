import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { MomentInput } from "#src/platform/contract/fields";

const source = new URL("../../src/", import.meta.url);

/** Moments that JavaScript or PostgreSQL cannot read, or that make no sense as an input. */
const unusable = [
  "0000-01-01T00:00:00Z",
  "0000-01-01T00:00:00+23:59",
  "0000-12-31T23:59:59-23:59",
  "0001-01-01T00:00:00Z",
  "0001-01-01T00:00:00+14:00",
  "0001-01-01T00:00:00+23:59",
  "1969-12-31T23:59:59.999Z",
  "1970-01-01T00:00:00+00:01",
  "9999-12-31T23:59:59-00:01",
  "9999-12-31T23:59:59-10:00",
  "9999-12-31T23:59:59.999-23:59",
  "+010000-01-01T00:00:00Z",
  "-000001-01-01T00:00:00Z",
  "2026-02-30T00:00:00Z",
  "2026-01-01T00:00:00+24:00",
  "2026-01-01",
  "2026-01-01T00:00:00",
  "now",
  "",
];

const usable = [
  "1970-01-01T00:00:00Z",
  "1970-01-01T14:00:00+14:00",
  "1969-12-31T23:00:00-01:00",
  "2026-11-29T12:00:00.123456Z",
  "2024-02-29T00:00:00+02:00",
  "9999-12-31T23:59:59.999Z",
  "9999-12-31T23:59:59+23:59",
];

describe("a moment in an input", () => {
  test.each(unusable)("an input refuses the moment %j", (text) => {
    expect(MomentInput.safeParse(text).success).toBe(false);
  });

  test.each(usable)("an input accepts the moment %j, in a form that PostgreSQL reads", (text) => {
    expect(MomentInput.parse(text)).toBe(text);
    expect(new Date(text).toISOString()).toMatch(/^(?:19[7-9]|[2-9]\d)\d+-\d\d-\d\dT/);
  });

  test("one schema describes moments in inputs, and no contract defines another one", () => {
    const contracts = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) =>
      /contract(?:\.ts$|[/\\]\w)/.test(name),
    );
    expect(contracts.length).toBeGreaterThan(20);
    const own = contracts.filter((name) =>
      /z\.iso|z\.date|z\.coerce/.test(readFileSync(new URL(name, source), "utf8")),
    );
    expect(own).toEqual([join("platform", "contract", "fields.ts")]);
  });
});
