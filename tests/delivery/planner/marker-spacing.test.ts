import { expect, it } from "vitest";
import { markerDueAt } from "#src/delivery/planner/marker-spacing";

it("the first marker is due at once", () => {
  expect(markerDueAt({ lastMarkerAt: null, loadMs: 500 }, false)).toBe(Number.NEGATIVE_INFINITY);
});

it("markers are 200 ms apart while the gateway loads quickly", () => {
  expect(markerDueAt({ lastMarkerAt: 1_000, loadMs: 0 }, false)).toBe(1_200);
  expect(markerDueAt({ lastMarkerAt: 1_000, loadMs: 60 }, false)).toBe(1_200);
  expect(markerDueAt({ lastMarkerAt: 1_000, loadMs: 199 }, true)).toBe(1_200);
});

it("an opening change leaves the gateway three times its load time, a closing change leaves it once", () => {
  expect(markerDueAt({ lastMarkerAt: 1_000, loadMs: 400 }, false)).toBe(2_200);
  expect(markerDueAt({ lastMarkerAt: 1_000, loadMs: 400 }, true)).toBe(1_400);
});
