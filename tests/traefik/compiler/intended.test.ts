import { describe, expect, test } from "vitest";
import { type AccessState, intendedExposure } from "#src/traefik/compiler/intended";
import type { Intended } from "#src/traefik/compiler/state";

const NONE = [] as const;
const VALID = [{ valid: true }];
const EXPIRED = [{ valid: false }];
const BOTH = [{ valid: false }, { valid: true }];

type Row = readonly [AccessState["access"], AccessState["openedBy"], boolean, AccessState["credentials"], Intended];

const TABLE: readonly Row[] = [
  ["public-when-empty", null, false, NONE, "closed"],
  ["public-when-empty", null, false, VALID, "protected"],
  ["public-when-empty", null, false, EXPIRED, "closed"],
  ["public-when-empty", null, false, BOTH, "protected"],
  ["public-when-empty", null, true, NONE, "closed"],
  ["public-when-empty", null, true, VALID, "protected"],
  ["public-when-empty", null, true, EXPIRED, "closed"],
  ["public-when-empty", null, true, BOTH, "protected"],
  ["public-when-empty", "create", false, NONE, "public"],
  ["public-when-empty", "create", false, VALID, "protected"],
  ["public-when-empty", "create", false, EXPIRED, "closed"],
  ["public-when-empty", "create", false, BOTH, "protected"],
  ["public-when-empty", "create", true, NONE, "closed"],
  ["public-when-empty", "create", true, VALID, "protected"],
  ["public-when-empty", "create", true, EXPIRED, "closed"],
  ["public-when-empty", "create", true, BOTH, "protected"],
  ["public-when-empty", "delete", false, NONE, "public"],
  ["public-when-empty", "delete", false, VALID, "protected"],
  ["public-when-empty", "delete", false, EXPIRED, "closed"],
  ["public-when-empty", "delete", false, BOTH, "protected"],
  ["public-when-empty", "delete", true, NONE, "closed"],
  ["public-when-empty", "delete", true, VALID, "protected"],
  ["public-when-empty", "delete", true, EXPIRED, "closed"],
  ["public-when-empty", "delete", true, BOTH, "protected"],
  ["public-when-empty", "access", false, NONE, "public"],
  ["public-when-empty", "access", false, VALID, "protected"],
  ["public-when-empty", "access", false, EXPIRED, "closed"],
  ["public-when-empty", "access", false, BOTH, "protected"],
  ["public-when-empty", "access", true, NONE, "closed"],
  ["public-when-empty", "access", true, VALID, "protected"],
  ["public-when-empty", "access", true, EXPIRED, "closed"],
  ["public-when-empty", "access", true, BOTH, "protected"],
  ["protected", null, false, NONE, "closed"],
  ["protected", null, false, VALID, "protected"],
  ["protected", null, false, EXPIRED, "closed"],
  ["protected", null, false, BOTH, "protected"],
  ["protected", null, true, NONE, "closed"],
  ["protected", null, true, VALID, "protected"],
  ["protected", null, true, EXPIRED, "closed"],
  ["protected", null, true, BOTH, "protected"],
  ["protected", "create", false, NONE, "closed"],
  ["protected", "create", false, VALID, "protected"],
  ["protected", "create", false, EXPIRED, "closed"],
  ["protected", "create", false, BOTH, "protected"],
  ["protected", "create", true, NONE, "closed"],
  ["protected", "create", true, VALID, "protected"],
  ["protected", "create", true, EXPIRED, "closed"],
  ["protected", "create", true, BOTH, "protected"],
  ["protected", "delete", false, NONE, "closed"],
  ["protected", "delete", false, VALID, "protected"],
  ["protected", "delete", false, EXPIRED, "closed"],
  ["protected", "delete", false, BOTH, "protected"],
  ["protected", "delete", true, NONE, "closed"],
  ["protected", "delete", true, VALID, "protected"],
  ["protected", "delete", true, EXPIRED, "closed"],
  ["protected", "delete", true, BOTH, "protected"],
  ["protected", "access", false, NONE, "closed"],
  ["protected", "access", false, VALID, "protected"],
  ["protected", "access", false, EXPIRED, "closed"],
  ["protected", "access", false, BOTH, "protected"],
  ["protected", "access", true, NONE, "closed"],
  ["protected", "access", true, VALID, "protected"],
  ["protected", "access", true, EXPIRED, "closed"],
  ["protected", "access", true, BOTH, "protected"],
];

describe("DK-19 intended exposure of an application", () => {
  test("the table of intended exposures contains every combination once", () => {
    expect(new Set(TABLE.map(([...row]) => JSON.stringify(row.slice(0, 4)))).size).toBe(TABLE.length);
    expect(TABLE).toHaveLength(2 * 4 * 2 * 4);
  });

  test("an application is public only without credentials, without required protection, and if an act opened it", () => {
    const open = TABLE.filter(([, , , , intended]) => intended === "public");
    expect(open.map(([access, openedBy, neverPublic, rows]) => [access, openedBy, neverPublic, rows])).toEqual(
      (["create", "delete", "access"] as const).map((openedBy) => ["public-when-empty", openedBy, false, NONE]),
    );
  });

  test.each(TABLE)("with access %s, opened by %s, never public %s and credentials %j, the exposure is %s", (...row) => {
    const [access, openedBy, neverPublic, credentials, intended] = row;
    expect(intendedExposure({ closedByHand: false, access, openedBy, neverPublic, credentials })).toBe(intended);
  });

  test.each(TABLE)(
    "with access %s, opened by %s, never public %s and credentials %j, closing by hand closes",
    (...row) => {
      const [access, openedBy, neverPublic, credentials] = row;
      expect(intendedExposure({ closedByHand: true, access, openedBy, neverPublic, credentials })).toBe("closed");
    },
  );

  test("an application with an unknown value is closed", () => {
    const state: AccessState = {
      closedByHand: false,
      access: "public-when-empty",
      openedBy: "create",
      neverPublic: false,
      credentials: [],
    };
    const unknown = { ...state, ...JSON.parse('{"openedBy":"expiry"}') };
    expect(intendedExposure(unknown)).toBe("closed");
    expect(intendedExposure({ ...state, ...JSON.parse('{"closedByHand":null}') })).toBe("closed");
    expect(intendedExposure({ ...state, ...JSON.parse('{"access":"public"}') })).toBe("closed");
    expect(intendedExposure({ ...state, ...JSON.parse('{"neverPublic":null}') })).toBe("closed");
  });
});
