import type { HashAlgorithm } from "#src/platform/passwords/hash-algorithm";

/** 22 characters hold 132 bits for 128, so the last one has only two bits of the value. */
const APR1 = /^\$apr1\$[./0-9A-Za-z]{1,8}\$[./0-9A-Za-z]{21}[./01]$/;
/** Cost 4–12. Salt and digest end in characters whose unused bits are zero. */
const BCRYPT = /^\$2[aby]\$(0[4-9]|1[0-2])\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{30}[.CGKOSWaeimquy26]$/;

/**
 * Classifies a hash by the cost of verifying it. Hashes of equal cost get the same value (`apr1`, `bcrypt-10`); a hash
 * that does not have exactly the algorithm's form gets `null`.
 *
 * For an unknown user, Traefik verifies the hash of another user, so a middleware with two costs reveals which users
 * exist.
 */
export function hashCost(algorithm: HashAlgorithm, hash: string): string | null {
  if (algorithm === "apr1") return APR1.test(hash) ? "apr1" : null;
  if (algorithm !== "bcrypt") return null;
  const cost = BCRYPT.exec(hash)?.[1];
  return cost === undefined ? null : `bcrypt-${cost}`;
}
