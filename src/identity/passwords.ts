import { hash, verify } from "@node-rs/argon2";

/** OWASP's least: 19 MiB, two passes, one lane. Argon2id is what the library makes unless it is told otherwise. */
const argon2id = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** Hashes a person's password: Argon2id in PHC form, off the event loop. */
export function hashPassword(password: string): Promise<string> {
  return hash(password, argon2id);
}

let nobodys: Promise<string> | null = null;

/**
 * Whether a password is the one of this hash. Without a hash the answer is no, after as much work.
 * @param stored PHC form; null for an account that is not there or has no password
 */
export async function verifyPassword(password: string, stored: string | null): Promise<boolean> {
  nobodys ??= hashPassword("nobody's");
  const good = await verify(stored ?? (await nobodys), password);
  return stored !== null && good;
}
