import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { loadCommonPasswords } from "../../../src/platform/passwords/common-passwords";
import { generatePassword } from "../../../src/platform/passwords/generate-password";
import { adviseOnPassword } from "../../../src/platform/passwords/password-advice";

describe("the list of common passwords (DK-9)", () => {
  it("knows the usual ones, and no generated one", async () => {
    const isCommon = await loadCommonPasswords();
    for (const text of ["password", "123456", "qwerty", "letmein", "trustno1"])
      expect([text, isCommon(text)]).toEqual([text, true]);
    for (let made = 0; made < 500; made += 1)
      expect(adviseOnPassword(generatePassword(randomBytes), "ada.lovelace", isCommon)).toEqual([]);
  });

  it("makes advice of it that sees through the usual disguises", async () => {
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
