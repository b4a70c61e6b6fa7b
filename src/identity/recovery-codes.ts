import { and, eq, isNull } from "drizzle-orm";
import { recoveryCodes } from "#drizzle/persons";
import type { Transaction } from "../database/database";
import type { RandomBytes } from "../platform/values";
import { hashOfToken } from "./tokens";
import type { CodeOutcome } from "./totp";

/** The number of codes that a person gets at once. */
export const recoveryCodeCount = 10;

/** 120 bits each, more than the 112 bits from which a fast hash is enough (ASVS 5, 6.5.2). */
const codeBytes = 15;

/** Crockford's base 32: no letter that can be read as a digit. */
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

/** Creates ten codes of 24 characters in four groups: `7k2mxa-…`. They replace the person's earlier codes. */
export async function replaceRecoveryCodes(
  tx: Transaction,
  random: RandomBytes,
  userId: string,
  now: Date,
): Promise<string[]> {
  const codes = Array.from({ length: recoveryCodeCount }, () => newCode(random));
  await tx.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId));
  await tx
    .insert(recoveryCodes)
    .values(codes.map((code) => ({ userId, hash: hashOfToken(normalForm(code)), createdAt: now })));
  return codes;
}

/**
 * Takes a recovery code, which is valid once. If two requests present the same code, the row's lock lets one succeed.
 */
export async function spendRecoveryCode(
  tx: Transaction,
  userId: string,
  code: string,
  now: Date,
): Promise<CodeOutcome> {
  const hash = hashOfToken(normalForm(code));
  const ofPerson = and(eq(recoveryCodes.userId, userId), eq(recoveryCodes.hash, hash));
  const spent = await tx
    .update(recoveryCodes)
    .set({ usedAt: now })
    .where(and(ofPerson, isNull(recoveryCodes.usedAt)))
    .returning({ userId: recoveryCodes.userId });
  if (spent.length > 0) return "valid";
  const known = await tx.select({ userId: recoveryCodes.userId }).from(recoveryCodes).where(ofPerson);
  return known.length > 0 ? "spent" : "wrong";
}

/** The number of codes that are left. */
export function countRecoveryCodes(tx: Transaction, userId: string): Promise<number> {
  return tx.$count(recoveryCodes, and(eq(recoveryCodes.userId, userId), isNull(recoveryCodes.usedAt)));
}

export async function removeRecoveryCodes(tx: Transaction, userId: string): Promise<void> {
  await tx.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId));
}

function newCode(random: RandomBytes): string {
  let text = "";
  let bits = 0;
  let held = 0;
  for (const byte of random(codeBytes)) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet.charAt((held >> bits) & 31);
    }
    held &= (1 << bits) - 1;
  }
  return text.replace(/(.{6})(?=.)/g, "$1-");
}

/** The code as it was created. Case, spaces, dashes, and `o` for `0` do not matter. */
function normalForm(code: string): string {
  return code.toLowerCase().replace(/[\s-]/g, "").replace(/o/g, "0").replace(/[il]/g, "1");
}
