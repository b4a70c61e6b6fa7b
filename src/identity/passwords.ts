import { availableParallelism } from "node:os";
import { hash, verify } from "@node-rs/argon2";
import { Invalid } from "../core/errors";
import { adviseOnPersonPassword } from "../core/person-password";
import { loadCommonPasswords } from "./common-passwords";
import { importedFormOf, verifyImported } from "./imported-hashes";
import { takeTurns } from "./turns";

/** OWASP's least: 19 MiB, two passes, one lane. Argon2id is what the library makes unless it is told otherwise. */
const argon2id = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

const present = "$argon2id$v=19$m=19456,t=2,p=1$";

/** Stands for a password that was taken away: nothing fits it. */
export const unusablePassword = "!";

/** Longer text is no password that was ever stored, here or elsewhere. */
const longestTyped = 1_024;

/** Half of the cores, so that a flood of sign-ins leaves the others to everybody else; four at most. */
const atOnce = Math.min(4, Math.max(1, Math.floor(availableParallelism() / 2)));

/** At 10 to 30 ms each nobody waits longer than two seconds. */
const mostWaiting = 64;

const turn = takeTurns(atOnce, mostWaiting);

/** Hashes a person's password: Argon2id in PHC form, off the event loop, a few at once. @throws Unavailable `busy` */
export function hashPassword(password: string): Promise<string> {
  return turn(() => hash(password, argon2id));
}

let nobodys: Promise<string> | null = null;

/**
 * Whether a password is the one of this hash. Without a usable hash the answer is no, after as much work.
 * @param stored Argon2id in PHC form, or one that came from elsewhere; null for an account that is not there or has no password
 * @throws Unavailable `busy`
 */
export async function verifyPassword(password: string, stored: string | null): Promise<boolean> {
  nobodys ??= hash("nobody's", argon2id);
  const isOurs = stored?.startsWith("$argon2id$") ?? false;
  const form = stored === null || isOurs ? null : importedFormOf(stored);
  const typed = password.length > longestTyped ? "" : password;
  if (stored !== null && form !== null) return turn(() => verifyImported(typed, stored, form));
  const known = stored !== null && isOurs ? stored : null;
  const against = known ?? (await nobodys);
  const good = await turn(() => verify(against, typed));
  return known !== null && good;
}

/** Whether a hash has to be made anew with the next good sign-in: it came from elsewhere, or cost less to make. */
export function isOutdated(stored: string): boolean {
  return !stored.startsWith(present);
}

/**
 * Checks a password that a person wants to have from now on: 12 to 128 characters, not a common one, not the e-mail address.
 * @throws Invalid `weak_password`, with the rules that it breaks
 */
export async function requireGoodPassword(password: string, email: string, field = "password"): Promise<void> {
  const problems = adviseOnPersonPassword(password, email, await loadCommonPasswords());
  if (problems.length === 0) return;
  throw new Invalid("weak_password", problems.map(({ message }) => message).join(" "), {
    [field]: problems.map(({ reason }) => reason).join(" "),
  });
}
