import { Refusal } from "../platform/errors/refusal";
import { loadCommonPasswords } from "../platform/passwords/common-passwords";
import { type HashCaller, processHashQueues } from "../platform/passwords/hash-queues";
import { argon2InWorker, verifyArgon2InWorker } from "../platform/passwords/hash-workers";
import { adviseOnPersonPassword } from "../platform/passwords/person-password";
import { importedFormOf, verifyImported } from "./imported-hashes";

const present = "$argon2id$v=19$m=19456,t=2,p=1$";

/** The hash of a removed password. No password matches it. */
export const unusablePassword = "!";

/** Longer text is not a password: no stored password, own or imported, is longer. */
const maxTypedLength = 1_024;

/** Hashes a person's password with Argon2id in PHC form, when it is the caller's turn. @throws Refusal `busy` */
export function hashPassword(password: string, caller: HashCaller): Promise<string> {
  return processHashQueues.run(caller, () => argon2InWorker(password));
}

let dummyHash: Promise<string> | null = null;

/**
 * Whether a password matches a hash. Without a usable hash the result is false, after the same amount of work.
 * @param stored Argon2id in PHC form, or an imported hash; null for an account that does not exist or has no password
 * @throws Refusal `busy`
 */
export async function verifyPassword(password: string, stored: string | null, caller: HashCaller): Promise<boolean> {
  dummyHash ??= argon2InWorker("dummy password");
  const isOurs = stored?.startsWith("$argon2id$") ?? false;
  const form = stored === null || isOurs ? null : importedFormOf(stored);
  const typed = password.length > maxTypedLength ? "" : password;
  if (stored !== null && form !== null) return processHashQueues.run(caller, () => verifyImported(typed, stored, form));
  const known = stored !== null && isOurs ? stored : null;
  const against = known ?? (await dummyHash);
  const matches = await processHashQueues.run(caller, () => verifyArgon2InWorker(typed, against));
  return known !== null && matches;
}

/** Whether the next successful sign-in has to replace the hash, because it was imported or has a lower cost. */
export function isOutdated(stored: string): boolean {
  return !stored.startsWith(present);
}

/**
 * Checks a new password of a person: 12 to 128 characters, not a common one, not the e-mail address.
 * @throws Refusal `weak_password`, with the rules that it breaks
 */
export async function requireAcceptablePassword(password: string, email: string, field = "password"): Promise<void> {
  const weaknesses = adviseOnPersonPassword(password, email, await loadCommonPasswords());
  if (weaknesses.length > 0) throw new Refusal("weak_password", { field, weaknesses });
}
