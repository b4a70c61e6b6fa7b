import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hasReached, leastOf, progressOf } from "#src/delivery/sync-progress";

const row = (deliveredIn: number | null, applicationId: string | null = "app_1") => ({
  gatewayId: "gtw_1",
  applicationId,
  deliveredIn,
});
const proven = (revision: number, provenRevision: number) => ({ revision, provenRevision });

describe("the progress of one delivery", () => {
  test.each([
    ["not delivered", row(null), { loadedRevision: 9, application: proven(9, 9) }, "pending"],
    ["delivered, the gateway serves an older one", row(5), { loadedRevision: 4, application: proven(5, 3) }, "applied"],
    ["loaded, not proven", row(5), { loadedRevision: 5, application: proven(5, 4) }, "loaded"],
    ["a later delivery is loaded", row(5), { loadedRevision: 8, application: proven(5, 0) }, "loaded"],
    ["proven", row(5), { loadedRevision: 5, application: proven(5, 5) }, "enforced"],
    ["a newer compile is proven", row(5), { loadedRevision: 7, application: proven(7, 7) }, "enforced"],
    ["a newer compile waits for its proof", row(5), { loadedRevision: 7, application: proven(7, 5) }, "enforced"],
    [
      "a newer compile is loaded, and the proof is older than both",
      row(5),
      { loadedRevision: 7, application: proven(7, 4) },
      "loaded",
    ],
    ["a deny that is loaded", row(5, null), { loadedRevision: 5, application: null }, "enforced"],
    ["a deny that is not loaded", row(5, null), { loadedRevision: 4, application: null }, "applied"],
    ["nothing known of the application, loaded", row(5), { loadedRevision: 5, application: null }, "enforced"],
    ["nothing known of the application, not loaded", row(5), { loadedRevision: 4, application: null }, "applied"],
  ] as const)("the progress of a delivery follows what was seen: %s", (_title, awaited, seen, expected) => {
    expect(progressOf(awaited, seen)).toBe(expected);
  });

  test("progress never decreases when the gateway loads or proves more", () => {
    const revision = fc.integer({ min: 0, max: 20 });
    fc.assert(
      fc.property(revision, revision, revision, fc.boolean(), (deliveredIn, loadedRevision, provenRevision, known) => {
        const seen = { loadedRevision, application: known ? proven(20, provenRevision) : null };
        const later = {
          loadedRevision: loadedRevision + 1,
          application: known ? proven(20, provenRevision + 1) : null,
        };
        expect(hasReached(progressOf(row(deliveredIn), later), progressOf(row(deliveredIn), seen))).toBe(true);
      }),
    );
  });
});

test("the state of several deliveries is the least advanced one, and `unchanged` for none", () => {
  expect(leastOf(["enforced", "applied", "loaded"])).toBe("applied");
  expect(leastOf(["enforced", "pending"])).toBe("pending");
  expect(leastOf(["enforced"])).toBe("enforced");
  expect(leastOf([])).toBe("unchanged");
});

test.each([
  ["pending", false, false, false],
  ["applied", true, false, false],
  ["loaded", true, true, false],
  ["enforced", true, true, true],
  ["unchanged", true, true, true],
] as const)("%s reaches applied: %s, loaded: %s, enforced: %s", (state, applied, loaded, enforced) => {
  expect([hasReached(state, "applied"), hasReached(state, "loaded"), hasReached(state, "enforced")]).toEqual([
    applied,
    loaded,
    enforced,
  ]);
});
