import { describe, expect, test } from "vitest";
import { type ExposureProof, exposureProof, type ProbeResponse } from "#src/traefik/compiler/exposure-proof";

const TAG = "aaaaaaaaaaaaaaaa";
const PASS = "bbbbbbbbbbbbbbbb";
const PROVEN: ExposureProof = { proven: true };
const not = (why: Extract<ExposureProof, { proven: false }>["why"], again = false): ExposureProof => ({
  proven: false,
  again,
  why,
});

type Row = readonly [
  status: number,
  tag: string | null,
  pass: string | null,
  stopped: ExposureProof,
  passed: ExposureProof,
];

const ROWS: readonly Row[] = [
  [401, TAG, null, PROVEN, not("stopped")],
  [403, TAG, null, PROVEN, not("stopped")],
  [302, TAG, null, PROVEN, not("stopped")],
  [418, TAG, null, PROVEN, not("stopped")],
  [500, TAG, null, PROVEN, not("stopped")],
  [200, TAG, null, not("status"), not("stopped")],
  [204, TAG, null, not("status"), not("stopped")],
  [304, TAG, null, not("status"), not("stopped")],
  [429, TAG, null, not("rate_limited", true), not("rate_limited", true)],
  [200, TAG, PASS, not("passed"), PROVEN],
  [401, TAG, PASS, not("passed"), PROVEN],
  [502, TAG, PASS, not("passed"), PROVEN],
  [429, TAG, PASS, not("passed"), PROVEN],
  [401, null, null, not("not_our_router"), not("not_our_router")],
  [404, null, null, not("not_our_router"), not("not_our_router")],
  [302, null, null, not("not_our_router"), not("not_our_router")],
  [502, null, null, not("not_our_router"), not("not_our_router")],
  [200, null, null, not("let_in_by_foreign_router"), not("not_our_router")],
  [204, null, null, not("let_in_by_foreign_router"), not("not_our_router")],
  [304, null, null, not("let_in_by_foreign_router"), not("not_our_router")],
  [200, null, PASS, not("let_in_by_foreign_router"), not("not_our_router")],
  [401, null, PASS, not("let_in_by_foreign_router"), not("not_our_router")],
  [429, null, null, not("rate_limited", true), not("not_our_router", true)],
  [401, "cccccccccccccccc", null, not("other_compile"), not("other_compile")],
  [200, "cccccccccccccccc", null, not("let_in_by_other_compile"), not("other_compile")],
  [200, "cccccccccccccccc", PASS, not("let_in_by_other_compile"), not("other_compile")],
  [502, "cccccccccccccccc", PASS, not("let_in_by_other_compile"), not("other_compile")],
  [401, TAG, "cccccccccccccccc", not("not_our_pass"), not("not_our_pass")],
  [200, TAG, "cccccccccccccccc", not("status"), not("not_our_pass")],
  [401, `${TAG}, ${TAG}`, null, not("other_compile"), not("other_compile")],
];

describe("what an anonymous answer proves", () => {
  test.each(ROWS)(
    "exposureProof judges an answer with status %i, tag %s and pass %s for both expectations",
    (status, tag, pass, stopped, passed) => {
      const answer: ProbeResponse = { status, tag, pass };
      expect(exposureProof({ tag: TAG, passTag: PASS, expect: "stopped" }, answer)).toEqual(stopped);
      expect(exposureProof({ tag: TAG, passTag: PASS, expect: "passed" }, answer)).toEqual(passed);
    },
  );
});
