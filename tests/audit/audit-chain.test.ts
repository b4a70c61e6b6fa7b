import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { entryHash, isSealed, type SealedEntry } from "#src/audit/chain";
import { contradicts, cutBefore, followChain } from "#src/audit/follow-chain";

const entry: SealedEntry = {
  auditId: "aud_1",
  organizationId: "org_1",
  actorKind: "apiKey",
  actorId: "key_1",
  actorName: "ci",
  sessionId: "ses_1",
  authenticatedBy: "apiKey",
  apiKeyId: "key_1",
  requestId: "req_1",
  ip: "192.0.2.1",
  action: "projects.create",
  outcome: "done",
  reason: "none",
  objectKind: "project",
  objectId: "prj_1",
  objectName: "Wiki",
  count: 1,
  changed: { name: ["a", "b"], deep: { y: 1, x: [{ b: 2, a: 1 }] } },
  createdAt: new Date("2026-01-02T03:04:05.678Z"),
  sequence: 7,
};

const old: SealedEntry = { ...entry, actorName: null, sessionId: null, authenticatedBy: null, objectName: null };

/** The hash of an entry that the first version sealed, written out by hand. */
const oldHash = createHash("sha256")
  .update(
    '["before",7,"aud_1","org_1","apiKey","key_1","key_1","req_1","192.0.2.1","projects.create","done","none","project","prj_1",' +
      '[["deep",[["x",[[["a",1],["b",2]]]],["y",1]]],["name",["a","b"]]],"2026-01-02T03:04:05.678Z"]',
  )
  .digest("hex");

/** The hash of an entry that the second version sealed, written out by hand. */
const hashOfSecondForm = (previous: string) =>
  `2:${createHash("sha256")
    .update(
      `["2:","${previous}",7,"aud_1","org_1","apiKey","key_1","ci","ses_1","apiKey","key_1","req_1","192.0.2.1","projects.create","done","none","project","prj_1","Wiki",1,` +
        '[["deep",[["x",[[["a",1],["b",2]]]],["y",1]]],["name",["a","b"]]],"2026-01-02T03:04:05.678Z"]',
    )
    .digest("hex")}`;

describe("hash of an audit entry (AUD)", () => {
  test("the hash covers every value of the entry and the hash of the previous entry", () => {
    const sealed = entryHash("3:before", entry);
    expect(isSealed(sealed, "3:before", entry)).toBe(true);
    expect(isSealed(sealed, "3:other", entry)).toBe(false);
    for (const column of Object.keys(entry) as (keyof SealedEntry)[]) {
      const other = { createdAt: new Date(0), count: 2, sequence: 8, changed: { name: ["a", "c"] } };
      const value = column in other ? Reflect.get(other, column) : "x";
      expect(isSealed(sealed, "3:before", { ...entry, [column]: value }), column).toBe(false);
      if (column !== "createdAt") {
        expect(isSealed(sealed, "3:before", { ...entry, [column]: null }), `${column}: null`).toBe(false);
      }
    }
  });

  test("the hash does not depend on the order of the keys in the recorded change", () => {
    const changed = { deep: { x: [{ a: 1, b: 2 }], y: 1 }, name: ["a", "b"] };
    expect(entryHash("", { ...entry, changed })).toBe(entryHash("", entry));
  });

  test("the hash distinguishes an object from a list of pairs", () => {
    const sealed = entryHash("", { ...entry, changed: { permissions: [["a", "b"], [["c", "d"]]] } });
    for (const changed of [
      { permissions: { a: "b", c: "d" } },
      { permissions: [{ a: "b" }, [["c", "d"]]] },
      { permissions: [["a", "b"], { c: "d" }] },
      { permissions: [["list", "a", "b"], [["c", "d"]]] },
      [["permissions", [["a", "b"], [["c", "d"]]]]],
    ]) {
      expect(isSealed(sealed, "", { ...entry, changed }), JSON.stringify(changed)).toBe(false);
    }
  });

  test("the hash distinguishes a list from an object, even if the list begins with a type name (AUD)", () => {
    const sealed = entryHash("", { ...entry, changed: { permissions: { a: "b" } } });
    expect(isSealed(sealed, "", { ...entry, changed: { permissions: { a: "b" } } })).toBe(true);
    expect(isSealed(sealed, "", { ...entry, changed: { permissions: ["object", ["a", "b"]] } })).toBe(false);
  });

  test("a hash of the second form is valid, but not after a hash of the third form", () => {
    const before = "2:before";
    expect(isSealed(hashOfSecondForm(before), before, entry)).toBe(true);
    expect(isSealed(hashOfSecondForm(before), before, { ...entry, action: "x" })).toBe(false);
    const next = entryHash(hashOfSecondForm(before), { ...entry, sequence: 8 });
    expect(isSealed(next, hashOfSecondForm(before), { ...entry, sequence: 8 })).toBe(true);
    expect(isSealed(hashOfSecondForm("3:before"), "3:before", entry)).toBe(false);
  });

  test("a hash of the first form is valid", () => {
    expect(isSealed(oldHash, "before", old)).toBe(true);
    expect(isSealed(oldHash, "before", { ...old, action: "x" })).toBe(false);
    const next = entryHash(oldHash, { ...entry, sequence: 8 });
    expect(isSealed(next, oldHash, { ...entry, sequence: 8 })).toBe(true);
  });

  test("a hash of the first form is invalid for an entry with a column that the first form did not have", () => {
    for (const added of [
      { actorName: "x" },
      { sessionId: "x" },
      { authenticatedBy: "x" },
      { objectName: "x" },
      { count: 2 },
    ]) {
      expect(isSealed(oldHash, "before", { ...old, ...added }), JSON.stringify(added)).toBe(false);
    }
  });

  test("a hash of the first form is invalid after a later form, so that no new entry passes as an old one", () => {
    for (const before of [entryHash("", { ...entry, sequence: 6 }), hashOfSecondForm("")]) {
      const forged = createHash("sha256")
        .update(
          JSON.stringify([before, 7, "aud_1", "org_1", "apiKey", "key_1", "key_1", "req_1", "192.0.2.1"]).slice(0, -1) +
            ',"projects.create","done","none","project","prj_1",[["deep",[["x",[[["a",1],["b",2]]]],["y",1]]],["name",["a","b"]]],"2026-01-02T03:04:05.678Z"]',
        )
        .digest("hex");
      expect(isSealed(forged, before, old)).toBe(false);
      // Setting the columns of a new entry to null does not make it an old one either.
      expect(isSealed(entryHash(before, entry), before, old)).toBe(false);
      expect(isSealed(entryHash(before, entry).slice(2), before, old)).toBe(false);
    }
  });
});

describe("a chain of audit entries", () => {
  const first = { ...entry, sequence: 1, auditId: "aud_a" };
  const firstHash = entryHash("", first);
  const second = { ...entry, sequence: 2, auditId: "aud_b" };
  const secondHash = entryHash(firstHash, second);
  const start = { sequence: 0, hash: "" };

  test("followChain goes from entry to entry", () => {
    const one = followChain(start, { ...first, hash: firstHash });
    expect(one).toEqual({ sequence: 1, hash: firstHash });
    expect(followChain({ sequence: 1, hash: firstHash }, { ...second, hash: secondHash })).toEqual({
      sequence: 2,
      hash: secondHash,
    });
  });

  test("followChain names the entry that is missing, altered or not sealed", () => {
    expect(followChain(start, { ...second, hash: secondHash })).toEqual({ sequence: 1, auditId: null, why: "missing" });
    expect(followChain(start, { ...first, action: "x", hash: firstHash })).toEqual({
      sequence: 1,
      auditId: "aud_a",
      why: "altered",
    });
    expect(followChain(start, { ...first, hash: null })).toMatchObject({ why: "altered" });
  });

  test("contradicts and cutBefore compare a chain with a checkpoint", () => {
    const at = { sequence: 2, hash: secondHash };
    expect(contradicts(at, at, "aud_b")).toBeNull();
    expect(contradicts({ sequence: 3, hash: "x" }, at, "aud_b")).toBeNull();
    expect(contradicts({ sequence: 2, hash: "x" }, at, "aud_b")).toEqual({
      sequence: 2,
      auditId: "aud_b",
      why: "rewritten",
    });
    expect(cutBefore(at, at)).toBeNull();
    expect(cutBefore({ sequence: 5, hash: "x" }, at)).toEqual({ sequence: 3, auditId: null, why: "cut" });
  });
});
