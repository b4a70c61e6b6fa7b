import { createHash, randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { hashOfToken, isToken, newToken } from "../../src/identity/tokens";

it("a token is 32 bytes of the source, each of which counts, and is kept as their SHA-256 (TM-4, AM-6)", () => {
  const bytes = randomBytes(32);
  const asked: number[] = [];
  const { token, hash } = newToken((size) => {
    asked.push(size);
    return bytes.subarray(0, size);
  });
  expect(asked).toEqual([32]);
  expect(token).toBe(bytes.toString("base64url"));
  expect(hash).toBe(createHash("sha256").update(token).digest("hex"));
  expect(hashOfToken(token)).toBe(hash);
  for (let at = 0; at < 32; at += 1) {
    const other = Buffer.from(bytes);
    other.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    expect(newToken((size) => other.subarray(0, size)).token).not.toBe(token);
  }
});

it("text of another form is no token", () => {
  expect(isToken("A".repeat(43))).toBe(true);
  for (const text of ["", "A".repeat(42), "A".repeat(44), `${"A".repeat(42)}=`, `${"A".repeat(43)}\n`, null, 43]) {
    expect(isToken(text)).toBe(false);
  }
});
