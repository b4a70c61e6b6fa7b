import { Refusal } from "../platform/errors/refusal";
import { loadCommonPasswords } from "../platform/passwords/common-passwords";
import { type HashCaller, processHashQueues } from "../platform/passwords/hash-queues";
import { argon2InWorker, verifyArgon2InWorker } from "../platform/passwords/hash-workers";
import { adviseOnPersonPassword } from "../platform/passwords/person-password";
import { importedFormOf, verifyImported } from "./imported-hashes";

const present = "$argon2id$v=19$m=19456,t=2,p=1$";

/** Stands for a password that was taken away: nothing fits it. */
export const unusablePassword = "!";

/** Longer text is no password that was ever stored, here or elsewhere. */
const longestTyped = 1_024;

/** Hashes a person's password: Argon2id in PHC form, when it is the caller's turn. @throws Refusal `busy` */
export function hashPassword(password: string, caller: HashCaller): Promise<string> {
  return processHashQueues.run(caller, () => argon2InWorker(password));
}

let nobodys: Promise<string> | null = null;

/**
 * Whether a password is the one of this hash. Without a usable hash the answer is no, after as much work.
 * @param stored Argon2id in PHC form, or one that came from elsewhere; null for an account that is not there or has no password
 * @throws Refusal `busy`
 */
export async function verifyPassword(password: string, stored: string | null, caller: HashCaller): Promise<boolean> {
  nobodys ??= argon2InWorker("nobody's");
  const isOurs = stored?.startsWith("$argon2id$") ?? false;
  const form = stored === null || isOurs ? null : importedFormOf(stored);
  const typed = password.length > longestTyped ? "" : password;
  if (stored !== null && form !== null) return processHashQueues.run(caller, () => verifyImported(typed, stored, form));
  const known = stored !== null && isOurs ? stored : null;
  const against = known ?? (await nobodys);
  const good = await processHashQueues.run(caller, () => verifyArgon2InWorker(typed, against));
  return known !== null && good;
}

/** Whether a hash has to be made anew with the next good sign-in: it came from elsewhere, or cost less to make. */
export function isOutdated(stored: string): boolean {
  return !stored.startsWith(present);
}

/**
 * Checks a password that a person wants to have from now on: 12 to 128 characters, not a common one, not the e-mail address.
 * @throws Refusal `weak_password`, with the rules that it breaks
 */
export async function requireGoodPassword(password: string, email: string, field = "password"): Promise<void> {
  const weaknesses = adviseOnPersonPassword(password, email, await loadCommonPasswords());
  if (weaknesses.length > 0) throw new Refusal("weak_password", { field, weaknesses });
}
