import { createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fingerprint, makeSealer, type SealContext } from "#src/database/sealing";

const secret = randomBytes(32);
const older = randomBytes(32);
const inserted = "security:hash:sec_1";

describe("a sealed value", () => {
  it("a sealed value of any text opens to that text", () => {
    const sealer = makeSealer([secret]);
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 300 }), (text) => {
        expect(sealer.open(inserted, sealer.seal(inserted, text))).toEqual({ ok: true, plaintext: text });
      }),
    );
  });

  it("a sealed value is AES-256-GCM under HKDF-SHA-256(secret, `seal`), bound to its place, in the documented form", () => {
    const [version, keyId, nonce = "", body = "", ...rest] = makeSealer([secret]).seal(inserted, "grüße").split(".");
    expect([version, rest]).toEqual(["v1", []]);
    expect(keyId).toMatch(/^[\w-]{8}$/);
    const key = Buffer.from(hkdfSync("sha256", secret, "", "seal", 32));
    const bytes = Buffer.from(body, "base64url");
    const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64url"));
    decipher.setAAD(Buffer.from(inserted)).setAuthTag(bytes.subarray(-16));
    expect(Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]).toString()).toBe("grüße");
  });

  it("a sealed value that is moved to another row, column or table does not open (DK-1)", () => {
    const sealer = makeSealer([secret]);
    const sealed = sealer.seal(inserted, "hash");
    const elsewhere: SealContext[] = ["security:hash:sec_2", "security:other:sec_1", "keys:hash:sec_1"];
    for (const other of elsewhere) expect(sealer.open(other, sealed)).toEqual({ ok: false, reason: "altered" });
    expect(sealer.open(inserted, sealed).ok).toBe(true);
  });

  it("a sealed value with any changed character does not open", () => {
    const sealer = makeSealer([secret]);
    const sealed = sealer.seal(inserted, "a hash");
    for (let at = 0; at < sealed.length; at += 1) {
      for (const letter of ["A", "b", "_", ".", "=", " "]) {
        const changed = sealed.slice(0, at) + letter + sealed.slice(at + 1);
        if (changed !== sealed) expect([changed, sealer.open(inserted, changed).ok]).toEqual([changed, false]);
      }
    }
  });

  it("another spelling of a sealed value with the same bytes does not open", () => {
    const sealer = makeSealer([secret]);
    const sealed = sealer.seal(inserted, "a hash"); // 22 bytes, so that the last character has four unused bits
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const openings = [...alphabet].filter((letter) => sealer.open(inserted, sealed.slice(0, -1) + letter).ok);
    expect(openings).toEqual([sealed.at(-1)]);
  });

  it("sealed values never repeat, and do not reveal their text", () => {
    const sealer = makeSealer([secret]);
    const values = Array.from({ length: 200 }, () => sealer.seal(inserted, "the same plain text"));
    expect(new Set(values).size).toBe(200);
    for (const sealed of values) {
      expect(Buffer.from(sealed.split(".")[3] ?? "", "base64url").includes("plain")).toBe(false);
    }
  });

  it("a value that is sealed with an older key opens while that key is known, and new values use the current key", () => {
    const sealed = makeSealer([older]).seal(inserted, "old");
    const both = makeSealer([secret, older]);
    expect(both.open(inserted, sealed)).toEqual({ ok: true, plaintext: "old" });
    expect(both.seal(inserted, "new").split(".")[1]).toBe(both.currentKeyId);
    expect(makeSealer([secret]).open(inserted, both.seal(inserted, "new"))).toEqual({ ok: true, plaintext: "new" });
    expect(both.currentKeyId).toBe(makeSealer([secret]).currentKeyId);
    expect(makeSealer([secret]).open(inserted, sealed)).toEqual({ ok: false, reason: "unknown_key" });
  });

  it("opening any text returns a result and never throws", () => {
    const sealer = makeSealer([secret]);
    const nearly = fc
      .tuple(
        fc.constantFrom("v1", "v2", ""),
        fc.constantFrom(sealer.currentKeyId, "aaaaaaaa"),
        fc.base64String(),
        fc.base64String(),
      )
      .map((parts) => parts.join("."));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), nearly), (text) => {
        expect(sealer.open(inserted, text).ok).toBe(false);
      }),
    );
  });

  it("seal throws for an ambiguous place, and for text that UTF-8 cannot encode", () => {
    const sealer = makeSealer([secret]);
    for (const wrong of ["security:hash:", "::", "security:hash:a:b", ":hash:sec_1"] as SealContext[]) {
      expect(() => sealer.seal(wrong, "x")).toThrow(TypeError);
    }
    expect(() => sealer.seal(inserted, "\ud800")).toThrow(TypeError);
  });

  it("sealing throws for a secret of fewer than 32 bytes, and for a random source with a short nonce", () => {
    expect(() => makeSealer([randomBytes(31)])).toThrow(RangeError);
    expect(() => makeSealer([secret], () => Buffer.alloc(8)).seal(inserted, "x")).toThrow(RangeError);
  });
});

describe("the fingerprint", () => {
  it("the fingerprint depends on the secret only, and differs from the key and the key id", () => {
    expect(fingerprint(secret)).toMatch(/^[0-9a-f]{64}$/);
    expect(fingerprint(Buffer.from(secret))).toBe(fingerprint(secret));
    expect(fingerprint(older)).not.toBe(fingerprint(secret));
    expect(fingerprint(secret)).not.toBe(Buffer.from(hkdfSync("sha256", secret, "", "seal", 32)).toString("hex"));
    expect(makeSealer([secret]).currentKeyId).not.toBe(
      Buffer.from(fingerprint(secret), "hex").toString("base64url").slice(0, 8),
    );
  });
});
