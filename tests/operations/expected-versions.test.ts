import { describe, expect, test } from "vitest";
import { z } from "zod";
import { statedVersions, tagsOf, withVersion } from "#src/operations/expected-versions";

const input = { projectId: "prj_1", name: "Shop" };
const stated = (ifMatch: string | null, raw: unknown = input) => statedVersions(raw, ifMatch);

describe("what a request says about the version of its object (G8)", () => {
  test("without ifVersion and If-Match any version will do", () => {
    expect(stated(null)).toEqual({ versions: null, input, problem: null });
  });

  test("ifVersion names one version, and is no part of the input of the handler", () => {
    expect(stated(null, { ...input, ifVersion: 7 })).toEqual({ versions: [7], input, problem: null });
  });

  test.each(["7", 7.5, null, [7], {}, true, Number.MAX_VALUE])("the ifVersion %j is no version", (ifVersion) => {
    expect(stated(null, { ...input, ifVersion })).toMatchObject({
      versions: null,
      problem: { ifVersion: "invalid_type" },
    });
  });

  test("ifVersion together with If-Match is refused, because they can differ", () => {
    expect(stated('"7"', { ...input, ifVersion: 7 }).problem).toEqual({ ifVersion: "also_in_if_match" });
  });

  test.each([
    ['"7"', [7]],
    [' "7" ', [7]],
    ['"1793697300000.Xk2_-a"', [1_793_697_300_000]],
    ['"7", "8"', [7, 8]],
    ['"7","8.x",, "9"', [7, 8, 9]],
    ['W/"7"', []],
    ['W/"7", "8"', [8]],
    ['"another"', []],
    ['""', []],
    ['"-7"', []],
    ['"7,8"', []],
    ['"7 "', null],
    ['"1234567890123456"', []],
    ['"ä"', []],
    ["*", null],
    [" * ", null],
  ])("If-Match %j expects the versions %j", (ifMatch, versions) => {
    if (versions === null && ifMatch.trim() !== "*") {
      expect(stated(ifMatch).problem).toEqual({ "if-match": "malformed" });
    } else expect(stated(ifMatch)).toEqual({ versions, input, problem: null });
  });

  test.each(["", " ", "7", '"7', '7"', 'w/"7"', '"7" "8"', '"7"; "8"', '*, "7"', '"a\u0001"', '"€"', ","])(
    "If-Match %j is no list of tags, and is refused",
    (ifMatch) => {
      expect(stated(ifMatch).problem).toEqual({ "if-match": "malformed" });
    },
  );

  test("a list of many tags is read in a time that grows with its length only", () => {
    const tags = Array.from({ length: 20_000 }, (_, at) => `"${at}"`).join(" ,\t");
    expect(tagsOf(tags)).toHaveLength(20_000);
    expect(tagsOf(`${tags} x`)).toBeNull();
    expect(tagsOf('"'.repeat(40_000))).toBeNull();
    expect(tagsOf(`"${" ".repeat(40_000)}`)).toBeNull();
  });

  test.each([[null], [undefined], ["text"], [7], [[{ ifVersion: 7 }]]])(
    "an input that is no object is left to its schema: %j",
    (raw) => {
      expect(statedVersions(raw, null)).toEqual({ versions: null, input: raw, problem: null });
    },
  );

  test("the described input takes ifVersion, and still refuses unknown fields and what its rules refuse", () => {
    const schema = withVersion(
      z.strictObject({ name: z.string().optional() }).refine(({ name }) => name !== "x", { error: "not_x" }),
    );
    expect(schema.safeParse({ name: "Shop", ifVersion: 7 }).success).toBe(true);
    expect(schema.safeParse({ name: "Shop" }).success).toBe(true);
    expect(schema.safeParse({ name: "x", ifVersion: 7 }).success).toBe(false);
    expect(schema.safeParse({ planted: 1 }).success).toBe(false);
  });
});
