import fc from "fast-check";
import { TypeID } from "typeid-js";
import { describe, expect, it } from "vitest";
import { type IdKind, isId, newId } from "#src/platform/ids";

const kinds: Record<IdKind, string> = {
  organization: "org",
  user: "usr",
  member: "mem",
  project: "prj",
  environment: "env",
  application: "app",
  credential: "sec",
  route: "rte",
  claim: "clm",
  gateway: "gtw",
  apiKey: "key",
  audit: "aud",
  change: "chg",
  request: "req",
  installation: "ins",
  session: "ses",
  passkey: "pky",
  link: "lnk",
  role: "rol",
  projectRole: "prr",
  invitation: "inv",
  serviceAccount: "sva",
  provider: "oip",
  identity: "idn",
};
const names = Object.keys(kinds) as IdKind[];

describe("ids", () => {
  it.each(names)(
    "a new id of kind %s has its prefix, is a TypeID of a UUIDv7, and is an id of no other kind",
    (kind) => {
      const id = newId(kind);
      expect(id).toMatch(new RegExp(`^${kinds[kind]}_`));
      expect(TypeID.fromString(id).toUUID()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
      expect(names.filter((other) => isId(other, id))).toEqual([kind]);
    },
  );

  it("ids sort in the order of their creation, and do not repeat", () => {
    const created = Array.from({ length: 5_000 }, () => newId("change"));
    expect([...created].sort()).toEqual(created);
    expect(new Set(created).size).toBe(created.length);
  });

  it("isId refuses every other form of an id", () => {
    const id = newId("application");
    const bare = id.slice(4);
    const wrong = [
      "",
      "app_",
      bare,
      `_${bare}`,
      id.toUpperCase(),
      `${id} `,
      ` ${id}`,
      `${id}\n`,
      `${id}0`,
      id.slice(0, -1),
      `app-${bare}`,
      `app__${bare.slice(1)}`,
      `app_8${bare.slice(1)}`,
      ...["i", "l", "o", "u", "'", "%", "/", "é"].map((letter) => `${id.slice(0, -1)}${letter}`),
    ];
    for (const text of wrong) expect([text, isId("application", text)]).toEqual([text, false]);
    for (const value of [null, undefined, 7, {}, [id], { toString: () => id }]) {
      expect(isId("application", value)).toBe(false);
    }
  });

  it("isId accepts only ids that the TypeID library also accepts", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^app_[0-9a-z]{26}$/), (text) => {
        const reference = () => {
          try {
            return TypeID.fromString(text).getType() === "app";
          } catch {
            return false;
          }
        };
        expect(isId("application", text)).toBe(reference());
      }),
    );
  });
});
