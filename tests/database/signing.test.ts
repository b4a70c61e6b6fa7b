import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { makeSigner, type SigningUse } from "#src/database/signing";

const [current, previous] = [randomBytes(32), randomBytes(32)];
const uses: readonly SigningUse[] = ["session", "csrf", "link", "checkpoint", "sign-in", "limit", "delivery"];

describe("a signature (TM-5)", () => {
  it("a signature is valid only for its own text and its own use", () => {
    const signer = makeSigner([current]);
    for (const use of uses) {
      const signature = signer.sign(use, "text");
      expect(signature).toMatch(/^[\w-]{43}$/);
      expect(signer.verify(use, "text", signature)).toBe(true);
      expect(signer.verify(use, "texts", signature)).toBe(false);
      for (const other of uses)
        expect([other, signer.verify(other, "text", signature)]).toEqual([other, other === use]);
    }
    expect(new Set(uses.flatMap((use) => signer.keys(use))).size).toBe(uses.length);
  });

  it("a signature has one valid spelling, and no text of another length is valid", () => {
    const signer = makeSigner([current]);
    const signature = signer.sign("csrf", "text");
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const good = [...alphabet].filter((letter) => signer.verify("csrf", "text", signature.slice(0, -1) + letter));
    expect(good).toEqual([signature.at(-1)]);
    for (const text of ["", "=", signature.slice(0, -1), `${signature}A`, `${signature}=`, ` ${signature}`]) {
      expect(signer.verify("csrf", "text", text)).toBe(false);
    }
  });

  it("a signature of a previous secret is valid while that secret is known, and new ones use the current one (PO-9)", () => {
    const old = makeSigner([previous]).sign("csrf", "text");
    const both = makeSigner([current, previous]);
    expect(both.verify("csrf", "text", old)).toBe(true);
    expect(both.sign("csrf", "text")).toBe(makeSigner([current]).sign("csrf", "text"));
    expect(both.keys("session")).toEqual([
      ...makeSigner([current]).keys("session"),
      ...makeSigner([previous]).keys("session"),
    ]);
    expect(makeSigner([current]).verify("csrf", "text", old)).toBe(false);
  });

  it("signing throws for a secret of fewer than 32 bytes", () => {
    expect(() => makeSigner([randomBytes(31)]).sign("csrf", "text")).toThrow(RangeError);
  });
});
