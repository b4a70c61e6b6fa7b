import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkFormerSecret, checkSecret } from "#src/main/settings/secret-strength";
import { settingsTable } from "#src/main/settings/settings-table";

const refusals: [string, string][] = [
  ["", "secret_too_short"],
  ["   \n", "secret_too_short"],
  ["a1".repeat(31), "secret_too_short"],
  [randomBytes(31).toString("hex"), "secret_too_short"],
  [randomBytes(31).toString("base64"), "secret_too_short"],
  ["correct horse battery staple correct horse battery staple", "secret_not_encoded"],
  [`${randomBytes(32).toString("base64")}!`, "secret_not_encoded"],
  ["0".repeat(64), "secret_not_random"],
  ["A".repeat(43), "secret_not_random"],
  ["0123456789abcdef".repeat(4), "secret_not_random"],
  ["deadbeef".repeat(8), "secret_not_random"],
  ["passwordpasswordpasswordpasswordpasswordpassword", "secret_not_random"],
  ["hunter2".repeat(7), "secret_not_random"],
  ["000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "secret_not_random"],
  ["fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedecebeae9e8e7e6e5e4e3e2e1e0", "secret_not_random"],
  [Buffer.concat([Buffer.alloc(28, 7), randomBytes(4)]).toString("hex"), "secret_not_random"],
  // Encoded readable text.
  [Buffer.from("correct horse battery staple 32 b").toString("base64"), "secret_not_random"],
  [Buffer.from("correct horse battery staple 32 b\n").toString("base64url"), "secret_not_random"],
  [Buffer.from("Tr0ub4dor&3 and a few more words!").toString("hex"), "secret_not_random"],
  [Buffer.from("Tr0ub4dor&3 and a few more words!").toString("hex").toUpperCase(), "secret_not_random"],
  [Buffer.from("żółta łódka płynie po jeziorze").toString("base64"), "secret_not_random"],
  [Buffer.from("correct horse staple", "utf16le").toString("base64"), "secret_not_random"],
  [Buffer.from("correct horse staple", "utf16le").swap16().toString("base64"), "secret_not_random"],
  [Buffer.from("q7Wz0KpL3mNx8RtY2vBs6HjD4fGc1AeU").toString("base64"), "secret_not_random"],
  [Buffer.from("q7Wz0KpL3mNx8RtY2vBs6HjD4fGc1AeU-and-more-of-it").toString("base64"), "secret_not_random"],
  [Buffer.from(randomBytes(16).toString("hex")).toString("base64"), "secret_not_random"],
  // Text that is also valid hex or base64.
  ["thisisaverylongpassphrasethatonlyonepersonknows", "secret_not_random"],
  ["THISISAVERYLONGPASSPHRASETHATONLYONEPERSONKNOWS", "secret_not_random"],
  ["this-is-a-very-long-passphrase-of-the-year-2026", "secret_not_random"],
  ["3141592653589793238462643383279502884197169399375105820974944592", "secret_not_random"],
  ["facadebaddeedfeedbeadfadecafebabeacedeadbeefbadfacefeedfadedacdc", "secret_not_random"],
  [`change-me-${randomBytes(40).toString("base64url")}`, "secret_not_random"],
];

describe("the secret of the installation (PO-6)", () => {
  it.each(refusals)("the secret %j is refused with %s and the command that creates a strong one", (text, problem) => {
    const checked = checkSecret(text);
    expect(checked).toMatchObject({ ok: false, problem });
    if (checked.ok) return;
    expect(checked.message).toContain("openssl rand -hex 32");
    expect(checked.message).not.toContain("\n");
    if (text.trim().length > 8) expect(checked.message).not.toContain(text);
  });

  it("random bytes are accepted in hex, base64 and base64url, with a trailing newline", () => {
    fc.assert(
      fc.property(fc.integer({ min: 32, max: 64 }), (size) => {
        const bytes = randomBytes(size);
        for (const encoding of ["hex", "base64", "base64url"] as const) {
          expect(checkSecret(`${bytes.toString(encoding)}\n`)).toEqual({ ok: true, secret: bytes });
        }
        expect(checkSecret(bytes.toString("hex").toUpperCase())).toEqual({ ok: true, secret: bytes });
      }),
    );
  });

  it("random bytes in hex that are encoded once more are accepted", () => {
    const once = randomBytes(32).toString("hex");
    for (const text of [once, `${once}\n`]) {
      expect(checkSecret(Buffer.from(text).toString("base64"))).toMatchObject({ ok: true });
    }
  });

  it("a previous secret may be readable text, so that an installation can move to a strong one", () => {
    const readable = Buffer.from("Tr0ub4dor&3 and a few more words!");
    expect(checkFormerSecret(readable.toString("base64"))).toEqual({ ok: true, secret: readable });
    expect(checkFormerSecret("short")).toMatchObject({ ok: false, problem: "secret_too_short" });
    const { schema } = settingsTable.previousSecrets;
    expect(schema.parse(readable.toString("base64"))).toEqual([readable]);
  });

  it("checkSecret does not throw for any text", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => typeof checkSecret(text).ok === "boolean"));
  });
});
