import { createHash, randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { hashOfToken, isToken, newToken } from "#src/identity/tokens";

it("a token encodes all 32 random bytes, and its stored hash is the SHA-256 of the token (TM-4, AM-6)", () => {
  const bytes = randomBytes(32);
  const requestedSizes: number[] = [];
  const { token, hash } = newToken((size) => {
    requestedSizes.push(size);
    return bytes.subarray(0, size);
  });
  expect(requestedSizes).toEqual([32]);
  expect(token).toBe(bytes.toString("base64url"));
  expect(hash).toBe(createHash("sha256").update(token).digest("hex"));
  expect(hashOfToken(token)).toBe(hash);
  for (let at = 0; at < 32; at += 1) {
    const other = Buffer.from(bytes);
    other.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    expect(newToken((size) => other.subarray(0, size)).token).not.toBe(token);
  }
});

it("only a string of 43 base64url characters is a token", () => {
  expect(isToken("A".repeat(43))).toBe(true);
  for (const text of ["", "A".repeat(42), "A".repeat(44), `${"A".repeat(42)}=`, `${"A".repeat(43)}\n`, null, 43]) {
    expect(isToken(text)).toBe(false);
  }
});
