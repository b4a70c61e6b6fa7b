import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { loadCommonPasswords } from "#src/platform/passwords/common-passwords";
import { generatePassword } from "#src/platform/passwords/generate-password";
import { adviseOnPassword } from "#src/platform/passwords/password-advice";

describe("the list of common passwords (DK-9)", () => {
  it("the list contains usual passwords, and no generated one", async () => {
    const isCommon = await loadCommonPasswords();
    for (const text of ["password", "123456", "qwerty", "letmein", "trustno1"])
      expect([text, isCommon(text)]).toEqual([text, true]);
    for (let count = 0; count < 500; count += 1)
      expect(adviseOnPassword(generatePassword(randomBytes), "ada.lovelace", isCommon)).toEqual([]);
  });

  it("the advice recognizes common passwords in the usual disguises", async () => {
    const isCommon = await loadCommonPasswords();
    for (const password of ["Password123!", "P@ssw0rd2024!", "Qwertyuiop1!", "Iloveyou-2024"]) {
      expect(adviseOnPassword(password, "ada.lovelace", isCommon).map(({ reason }) => reason)).toContain(
        "password_common",
      );
    }
    for (const password of ["vellum-Orbit-7-canoe", "Kt7m-Qz4x-h9Vb"])
      expect(adviseOnPassword(password, "ada.lovelace", isCommon)).toEqual([]);
  });
});
