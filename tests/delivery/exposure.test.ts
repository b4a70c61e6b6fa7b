import { describe, expect, test } from "vitest";
import { type ExposureFacts, exposureOf, syncStateOf } from "#src/delivery/exposure";

const provedAt = "2026-01-02T03:04:05.678Z";

/** A protected application whose newest delivery was seen to be enforced. */
const enforced = {
  closedByHand: false,
  access: "public-when-empty",
  openedBy: null,
  neverPublic: false,
  credentials: [{ valid: true }],
  hasRoute: true,
  hasEnabledRoute: true,
  pending: false,
  delivered: { revision: 7, intended: "protected", form: "stated", provenRevision: 7, provedAt, unproven: null },
  loadedRevision: 9,
  failing: false,
} as const satisfies ExposureFacts;

const facts = (change: Partial<ExposureFacts>): ExposureFacts => ({ ...enforced, ...change });
const delivered = (change: Partial<NonNullable<ExposureFacts["delivered"]>>): ExposureFacts =>
  facts({ delivered: { ...enforced.delivered, ...change } });

describe("exposure", () => {
  test("exposure is protected only when the newest delivery was seen to be enforced", () => {
    expect(exposureOf(enforced)).toEqual({ state: "protected", intended: "protected", provedAt });
  });

  test("exposure is public when the application is meant to be public and was seen to be", () => {
    const open = facts({
      credentials: [],
      openedBy: "delete",
      delivered: { ...enforced.delivered, intended: "public" },
    });
    expect(exposureOf(open)).toEqual({ state: "public", intended: "public", provedAt });
  });

  test.each<[string, ExposureFacts, string]>([
    ["a change is on its way", facts({ pending: true }), "pending"],
    [
      "a change is pending and deliveries to the gateway fail",
      facts({ pending: true, failing: true }),
      "delivery_fails",
    ],
    ["nothing was ever delivered", facts({ delivered: null }), "not_delivered"],
    ["the gateway has not loaded it", delivered({ revision: 10, provenRevision: 9 }), "not_loaded"],
    ["it is loaded and not probed yet", delivered({ revision: 8, provenRevision: 7 }), "not_proven"],
    ["it was probed and could not be proven", delivered({ revision: 8, unproven: "not_our_router" }), "not_our_router"],
    ["its proof is old", delivered({ proofIsOld: true }), "proof_is_old"],
    ["it was proven before and is no longer proven", delivered({ unproven: "not_our_router" }), "not_our_router"],
    ["a credential has expired since", facts({ credentials: [{ valid: false }] }), "pending"],
    [
      "the organization has excluded public access since",
      facts({ credentials: [], openedBy: "create", neverPublic: true }),
      "pending",
    ],
  ])("exposure is unknown when %s, and has no time of proof", (_title, given, reason) => {
    const exposure = exposureOf(given);
    expect([exposure.state, exposure.reason, exposure.provedAt]).toEqual(["unknown", reason, null]);
  });

  test("exposure never exceeds what was proven, even if the rows have changed since", () => {
    for (const intended of ["public", "protected", "closed"] as const) {
      for (const credentials of [[], [{ valid: true }], [{ valid: false }]]) {
        for (const openedBy of [null, "create"] as const) {
          const { state, intended: now } = exposureOf(
            facts({ credentials, openedBy, delivered: { ...enforced.delivered, intended } }),
          );
          expect([now, "unknown"]).toContain(state);
          if (state !== "unknown") expect(state).toBe(intended);
        }
      }
    }
  });

  test.each<[string, ExposureFacts]>([
    ["never delivered", facts({ hasRoute: false, delivered: null })],
    ["delivered and proven", facts({ hasRoute: false })],
  ])("the exposure of an application without a route is closed, and says so (%s)", (_title, given) => {
    expect(exposureOf(given)).toMatchObject({ state: "closed", intended: "protected", reason: "no_route" });
  });

  test("an application whose routes are all under maintenance is closed, and says so", () => {
    const closed = { state: "closed", intended: "protected", provedAt, reason: "routes_disabled" };
    expect(exposureOf(facts({ hasEnabledRoute: false }))).toEqual(closed);
    expect(exposureOf(facts({ hasEnabledRoute: false, pending: true }))).toMatchObject({ state: "unknown" });
  });

  test("an application without a route whose removal is not delivered yet is not known to be closed", () => {
    expect(exposureOf(facts({ hasRoute: false, pending: true }))).toMatchObject({
      state: "unknown",
      reason: "pending",
    });
    const notLoaded = facts({ hasRoute: false, delivered: { ...enforced.delivered, revision: 10 } });
    expect(exposureOf(notLoaded)).toMatchObject({ state: "unknown", reason: "not_loaded" });
  });

  test("an application that was closed by hand says so, with and without a route, and not before it was seen closed", () => {
    const reason = "closed_by_hand";
    const seen = { ...enforced.delivered, intended: "closed" } as const;
    const closed = { state: "closed", intended: "closed", reason };
    expect(exposureOf(facts({ closedByHand: true, delivered: seen }))).toEqual({ ...closed, provedAt });
    expect(exposureOf(facts({ closedByHand: true, delivered: { ...seen, form: "closed" } }))).toMatchObject(closed);
    expect(exposureOf(facts({ closedByHand: true, hasRoute: false, delivered: seen }))).toMatchObject(closed);
    expect(exposureOf(facts({ closedByHand: true, hasRoute: false, delivered: null }))).toMatchObject(closed);
    const unknown = { state: "unknown", intended: "closed", provedAt: null };
    expect(exposureOf(facts({ closedByHand: true }))).toMatchObject({ ...unknown, reason: "pending" });
    const passed = facts({ closedByHand: true, delivered: { ...seen, unproven: "passed" } });
    expect(exposureOf(passed)).toMatchObject({ ...unknown, reason: "passed" });
  });

  test("a quarantined application shows what it was seen to do, and that it is quarantined", () => {
    expect(exposureOf(delivered({ form: "quarantined" }))).toMatchObject({ state: "protected", reason: "quarantined" });
    expect(exposureOf(delivered({ form: "closed" }))).toMatchObject({ state: "closed", reason: "quarantined" });
  });
});

describe("an exposed application", () => {
  const seen = {
    since: provedAt,
    answeredBy: "own_router",
    request: "HEAD wiki.example/",
    status: 200,
    server: null,
    at: provedAt,
  } as const;
  const alarm = { reason: "passed", seen } as const;
  const exposed = { state: "exposed", intended: "protected", provedAt: null, reason: "passed", alarm: seen };
  const withAlarm = (change: Partial<NonNullable<ExposureFacts["delivered"]>> = {}) => ({
    delivered: { ...enforced.delivered, alarm, ...change },
  });

  test.each<[string, ExposureFacts]>([
    ["nothing has changed since", facts(withAlarm())],
    ["a change is on its way", facts({ ...withAlarm(), pending: true })],
    ["deliveries to the gateway fail", facts({ ...withAlarm(), pending: true, failing: true })],
    ["a new delivery is not loaded", facts(withAlarm({ revision: 10 }))],
    ["a new delivery is not proven", facts(withAlarm({ revision: 9, provenRevision: 0 }))],
    ["the gateway does not answer", facts(withAlarm({ provenRevision: 0, unproven: "gateway_does_not_answer" }))],
    ["the gateway went back", facts(withAlarm({ provenRevision: 0, unproven: "gateway_went_back" }))],
    ["one of two answers is missing", facts(withAlarm({ provenRevision: 0, unproven: "let_in_once" }))],
    ["the last proof is old", facts(withAlarm({ proofIsOld: true }))],
    ["its routes were removed", facts({ ...withAlarm(), hasRoute: false })],
    ["its routes are under maintenance", facts({ ...withAlarm(), hasEnabledRoute: false })],
  ])("an application is exposed until it was seen refusing, also if %s", (_title, given) => {
    expect(exposureOf(given)).toEqual(exposed);
  });

  test("an application that was closed by hand is exposed until it was seen closed", () => {
    expect(exposureOf(facts({ ...withAlarm(), closedByHand: true }))).toEqual({ ...exposed, intended: "closed" });
  });

  test("an application whose visitor was let in once is not exposed", () => {
    const once = delivered({ provenRevision: 0, unproven: "let_in_once", alarm: null });
    expect(exposureOf(once)).toMatchObject({ state: "unknown", reason: "let_in_once" });
  });
});

describe("the state of a change", () => {
  test.each<[string, ExposureFacts, string]>([
    ["pending", facts({ pending: true }), "pending"],
    ["never delivered", facts({ delivered: null }), "unchanged"],
    ["applied", delivered({ revision: 10, provenRevision: 0 }), "applied"],
    ["loaded", delivered({ revision: 9, provenRevision: 8 }), "loaded"],
    ["enforced", enforced, "enforced"],
    ["pending again after it was enforced", facts({ pending: true }), "pending"],
  ])("derives the state of a change that is %s", (_title, given, state) => expect(syncStateOf(given)).toBe(state));
});
