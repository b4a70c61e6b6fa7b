import { createHash } from "node:crypto";
import { hashSync } from "bcryptjs";
import { describe, expect, it } from "vitest";
import {
  hashPassword,
  isOutdated,
  requireAcceptablePassword,
  unusablePassword,
  verifyPassword,
} from "#src/identity/passwords";

const caller = { known: "test" };

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

describe("password storage", () => {
  it("a password is stored as Argon2id with 19 MiB, two passes, one lane and a fresh salt (TM-1)", async () => {
    const [one, other] = await Promise.all([
      hashPassword("correct horse", caller),
      hashPassword("correct horse", caller),
    ]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
    expect(other).not.toBe(one);
    expect(await verifyPassword("correct horse", one, caller)).toBe(true);
    expect(await verifyPassword("correct horsf", one, caller)).toBe(false);
    expect(isOutdated(one)).toBe(false);
  });

  it.each([
    ["bcrypt of cost 12 (AM-1)", hashSync("correct horse", 12)],
    ["bcrypt as PHP writes it (AM-1)", hashSync("correct horse", 4).replace("$2b$", "$2y$")],
    ["SHA-256 in hex (AM-3)", sha256("correct horse")],
  ])("a stored hash is verified and reported as outdated if it is %s", async (_form, stored) => {
    expect(await verifyPassword("correct horse", stored, caller)).toBe(true);
    expect(await verifyPassword("correct horsf", stored, caller)).toBe(false);
    expect(isOutdated(stored)).toBe(true);
  });

  it("no password matches a stored hash that is missing, malformed or above the cost limit", async () => {
    const tooSlow = hashSync("correct horse", 4).replace("$2b$04$", "$2b$13$");
    for (const stored of [null, "", unusablePassword, "correct horse", "$2b$", tooSlow, sha256("").toUpperCase()]) {
      for (const typed of ["", "correct horse", stored ?? "null", "!", "unrelated"]) {
        expect(await verifyPassword(typed, stored, caller)).toBe(false);
      }
    }
  });

  it("a wrong password takes as long to reject without a stored hash as with one (AM-13)", async () => {
    const stored = await hashPassword("correct horse", caller);
    const kinds = [stored, null, unusablePassword];
    const shortest = kinds.map(() => Number.POSITIVE_INFINITY);
    const differ = () => shortest.some((time) => time < Math.max(...shortest) / 4);
    // Other work can lengthen every measurement of one kind. More rounds find its true length; a kind that does not
    // hash stays short in each of them.
    for (let round = 0; round < 10 || (round < 100 && differ()); round++) {
      for (const [at, against] of kinds.entries()) {
        const startedAt = performance.now();
        await verifyPassword("correct horsf", against, caller);
        shortest[at] = Math.min(shortest[at] ?? 0, performance.now() - startedAt);
      }
    }
    expect(differ(), `${shortest.join(" ms, ")} ms`).toBe(false);
  });

  it("a password is refused as weak if it is short, too long, common or contains the e-mail address", async () => {
    await requireAcceptablePassword("only lower case words", "ada@example.org");
    for (const [password, field] of [
      ["short", "password_short"],
      ["x".repeat(129), "password_long"],
      ["password1234", "password_common"],
      ["lovelace@example.org", "password_contains_username"],
    ] as const) {
      await expect(requireAcceptablePassword(password, "lovelace@example.org", "newPassword")).rejects.toMatchObject({
        reason: "weak_password",
        fields: { newPassword: expect.stringContaining(field) },
      });
    }
  });
});
