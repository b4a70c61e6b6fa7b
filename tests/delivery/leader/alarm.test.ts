import { describe, expect, test } from "vitest";
import { alarmStep, Suspicions } from "#src/delivery/leader/alarm";
import type { ProbeResult, ProofResult } from "#src/delivery/protocol/probe";
import { worstAnswer } from "#src/delivery/protocol/worst-answer";
import type { UnprovenReason } from "#src/platform/contract/sync-state";

const answered = (why: UnprovenReason | null, status: number | null = 200): ProbeResult => ({
  request: "HEAD wiki.example/",
  status,
  tag: false,
  pass: false,
  proven: why === null,
  why,
  at: "2026-01-02T03:04:05.678Z",
});
const result = (proof: readonly ProbeResult[], revision = 7): ProofResult => ({
  applicationId: "app_1",
  revision,
  why: worstAnswer(proof),
  proof,
});

test("an answer that let a visitor in counts more than an earlier one that proves nothing", () => {
  const proof = [null, "not_our_router", "let_in_by_foreign_router", "passed"] as const;
  expect(worstAnswer(proof.map((why) => answered(why)))).toBe("passed");
  expect(worstAnswer([answered("not_our_router"), answered("still_there")])).toBe("still_there");
  expect(worstAnswer([answered(null), answered("rate_limited"), answered("not_our_router")])).toBe("rate_limited");
  expect(worstAnswer([answered(null)])).toBeNull();
});

describe("what a check means for an alarm", () => {
  test.each<[string, readonly ProbeResult[], string]>([
    ["a visitor passed to the upstream", [answered("passed", 401)], "begins"],
    ["the router answered as if it served", [answered("status", 204)], "begins"],
    ["another compile let the visitor in", [answered("let_in_by_other_compile")], "begins"],
    ["something foreign let the visitor in", [answered("let_in_by_foreign_router")], "begins"],
    ["a removed name still answers", [answered("still_there", 401)], "begins"],
    ["every place is proven", [answered(null, 401), answered(null, 403)], "ends"],
    ["something foreign refuses the visitor", [answered("not_our_router", 401), answered(null, 401)], "ends"],
    ["something foreign is broken", [answered("not_our_router", 502)], "stays"],
    [
      "something foreign is broken at one of two places",
      [answered("other_compile", 403), answered("not_our_router", 502)],
      "stays",
    ],
    ["the gateway does not answer", [answered("gateway_does_not_answer", null)], "stays"],
    ["the gateway limits the rate", [answered("rate_limited", 429)], "stays"],
  ])("%s", (_title, proof, step) => {
    expect(alarmStep(result(proof))).toBe(step);
  });

  test("a result without a probe does not end an alarm if tags are off, and ends it if there is nothing to probe", () => {
    expect(alarmStep({ why: "tags_are_off", proof: [] })).toBe("stays");
    expect(alarmStep({ why: null, proof: [] })).toBe("ends");
  });
});

describe("two answers, a second apart", () => {
  const letIn = result([answered("passed")]);
  const verdicts = (steps: readonly (readonly [ProofResult, number])[]) => {
    const suspicions = new Suspicions();
    return steps.map(([one, at]) => {
      const { why, alarm } = suspicions.judge(one, at);
      return `${why} ${alarm}`;
    });
  };

  test("the first answer is no alarm, and neither is the second within a second", () => {
    expect(
      verdicts([
        [letIn, 0],
        [letIn, 999],
        [letIn, 1_000],
        [letIn, 1_100],
      ]),
    ).toEqual(["let_in_once stays", "let_in_once stays", "passed begins", "passed begins"]);
  });

  test("a refusal in between begins the count again, and a silent gateway does not", () => {
    const refused = result([answered(null, 401)]);
    const silent = result([answered("gateway_does_not_answer", null)]);
    expect(
      verdicts([
        [letIn, 0],
        [refused, 1_000],
        [letIn, 2_000],
        [silent, 2_500],
        [letIn, 3_000],
      ]),
    ).toEqual([
      "let_in_once stays",
      "null ends",
      "let_in_once stays",
      "gateway_does_not_answer stays",
      "passed begins",
    ]);
  });

  test("answers about two deliveries are no alarm", () => {
    expect(
      verdicts([
        [letIn, 0],
        [result([answered("passed")], 8), 2_000],
        [result([answered("passed")], 8), 3_000],
      ]),
    ).toEqual(["let_in_once stays", "let_in_once stays", "passed begins"]);
  });
});
