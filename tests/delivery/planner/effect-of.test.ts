import { expect, it } from "vitest";
import { effectOf } from "#src/delivery/planner/effect-of";

const file = { name: "app.yml", text: "{}" };
const stated = (
  credentials: string[],
  routes: string[],
  intended: "public" | "protected" | "closed" = "protected",
) => ({
  file,
  form: "stated" as const,
  intended,
  fingerprints: { credentials, routes },
});
const before = (
  credentials: string[],
  routes: string[],
  intended: "public" | "protected" | "closed" = "protected",
) => ({
  intended,
  lastGood: { credentials, routes },
});
const quiet = { closes: false };

it("a compile that only adds something opens", () => {
  expect(effectOf(null, stated(["c1"], ["r1"]), quiet)).toBe("opens");
  expect(effectOf(before(["c1"], ["r1"]), stated(["c1", "c2"], ["r1", "r2"]), quiet)).toBe("opens");
});

it("a compile that removes or changes a credential, address or route closes", () => {
  expect(effectOf(before(["c1", "c2"], ["r1"]), stated(["c1"], ["r1"]), quiet)).toBe("closes");
  expect(effectOf(before(["c1"], ["r1"]), stated(["c1-new"], ["r1"]), quiet)).toBe("closes");
  expect(effectOf(before(["c1"], ["r1", "r2"]), stated(["c1"], ["r1"]), quiet)).toBe("closes");
  expect(effectOf(before(["c1"], ["r1"]), stated(["c1"], ["r1-elsewhere"]), quiet)).toBe("closes");
});

it("a compile that ends public access closes", () => {
  expect(effectOf(before([], ["r1"], "public"), stated(["c1"], ["r1"]), quiet)).toBe("closes");
  expect(effectOf(before([], ["r1"], "public"), stated([], ["r1"], "closed"), quiet)).toBe("closes");
});

it("a compile closes if the request says so, if it is not as stated, or if it cannot be compared", () => {
  expect(effectOf(null, stated(["c1"], ["r1"]), { closes: true })).toBe("closes");
  expect(effectOf(null, { ...stated(["c1"], ["r1"]), form: "quarantined" }, quiet)).toBe("closes");
  expect(effectOf({ intended: "closed", lastGood: null }, stated(["c1"], ["r1"]), quiet)).toBe("closes");
});

it("an application without a file is a removal", () => {
  expect(effectOf(before(["c1"], ["r1"]), { ...stated([], []), file: null }, quiet)).toBe("removes");
});
