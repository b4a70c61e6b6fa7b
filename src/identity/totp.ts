import { and, eq, isNotNull, isNull, lt, or } from "drizzle-orm";
import { Secret, TOTP } from "otpauth";
import { totpSecrets } from "#drizzle/persons";
import type { Transaction } from "../database/database";
import type { SealContext, Sealer } from "../database/sealing";
import type { RandomBytes } from "../platform/values";

/** The form that every authenticator app supports: SHA-1, six digits, steps of 30 seconds (RFC 6238). */
const form = { algorithm: "SHA1", digits: 6, period: 30 } as const;

/** Codes of the step before and of the step after are valid as well: clocks differ, and people type slowly. */
const window = 1;

const secretBytes = 20;

/** The seal context of a person's secret. */
export function totpSealContext(userId: string): SealContext {
  return `totp_secrets:secret_sealed:${userId}`;
}

/** A new secret, in base 32 (32 characters). @param random a cryptographic source; called for 20 bytes */
export function newTotpSecret(random: RandomBytes): string {
  return new Secret({ buffer: Uint8Array.from(random(secretBytes)).buffer }).base32;
}

/** The content of the QR code: `otpauth://totp/…`, which names the installation and the person. */
export function totpUrl(secret: string, issuer: string, email: string): string {
  return new TOTP({ ...form, issuer, label: email, secret: Secret.fromBase32(secret) }).toString();
}

/** Characters that people type between the digits. */
const filling = /[\s-]/g;
const sixDigits = /^\d{6}$/;

/**
 * The time step of this code: the current one, the one before or the one after.
 * @returns null for any other text
 */
export function totpStepOf(secret: string, code: string, now: Date): number | null {
  const token = code.replace(filling, "");
  if (!sixDigits.test(token)) return null;
  const totp = new TOTP({ ...form, secret: Secret.fromBase32(secret) });
  const timestamp = now.getTime();
  const delta = totp.validate({ token, timestamp, window });
  return delta === null ? null : totp.counter({ timestamp }) + delta;
}

/** The outcome of a code. `spent`: the code was right, but was used before. */
export type CodeOutcome = "valid" | "wrong" | "spent";

/**
 * Takes a code of a person's confirmed secret. It is valid once, and every earlier code is spent with it. If two
 * requests present the same code, the row's lock lets one succeed.
 */
export async function spendTotpCode(
  tx: Transaction,
  sealer: Sealer,
  userId: string,
  code: string,
  now: Date,
): Promise<CodeOutcome> {
  const [row] = await tx
    .select({ secretSealed: totpSecrets.secretSealed })
    .from(totpSecrets)
    .where(and(eq(totpSecrets.userId, userId), isNotNull(totpSecrets.confirmedAt)));
  if (!row) return "wrong";
  const step = totpStepOf(openTotpSecret(sealer, userId, row.secretSealed), code, now);
  if (step === null) return "wrong";
  const spent = await tx
    .update(totpSecrets)
    .set({ lastStep: step })
    .where(
      and(
        eq(totpSecrets.userId, userId),
        eq(totpSecrets.secretSealed, row.secretSealed),
        or(isNull(totpSecrets.lastStep), lt(totpSecrets.lastStep, step)),
      ),
    )
    .returning({ userId: totpSecrets.userId });
  return spent.length > 0 ? "valid" : "spent";
}

/** @throws Error the row was changed outside of this program, or its key is missing */
export function openTotpSecret(sealer: Sealer, userId: string, sealed: string): string {
  const opened = sealer.open(totpSealContext(userId), sealed);
  if (!opened.ok) throw new Error(`a sealed TOTP secret cannot be decrypted: ${opened.reason}`);
  return opened.plaintext;
}
