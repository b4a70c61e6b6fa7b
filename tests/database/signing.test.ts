import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { makeSigner, type SigningUse } from "../../src/database/signing";

const [present, former] = [randomBytes(32), randomBytes(32)];
const uses: readonly SigningUse[] = ["session", "csrf", "link", "checkpoint", "sign-in", "limit", "delivery"];

describe("a signature (TM-5)", () => {
  it("is good for the text and the use that it was made for, and for nothing else", () => {
    const signer = makeSigner([present]);
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

  it("has one spelling, and nothing of another length is one", () => {
    const signer = makeSigner([present]);
    const signature = signer.sign("csrf", "text");
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const good = [...alphabet].filter((letter) => signer.verify("csrf", "text", signature.slice(0, -1) + letter));
    expect(good).toEqual([signature.at(-1)]);
    for (const text of ["", "=", signature.slice(0, -1), `${signature}A`, `${signature}=`, ` ${signature}`]) {
      expect(signer.verify("csrf", "text", text)).toBe(false);
    }
  });

  it("of a former secret is good while that is known, and new ones are the present one's (PO-9)", () => {
    const old = makeSigner([former]).sign("csrf", "text");
    const both = makeSigner([present, former]);
    expect(both.verify("csrf", "text", old)).toBe(true);
    expect(both.sign("csrf", "text")).toBe(makeSigner([present]).sign("csrf", "text"));
    expect(both.keys("session")).toEqual([
      ...makeSigner([present]).keys("session"),
      ...makeSigner([former]).keys("session"),
    ]);
    expect(makeSigner([present]).verify("csrf", "text", old)).toBe(false);
  });

  it("is not made with a secret of fewer than 32 bytes", () => {
    expect(() => makeSigner([randomBytes(31)]).sign("csrf", "text")).toThrow(RangeError);
  });
});
