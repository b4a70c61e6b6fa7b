import type { HashAlgorithm } from "../../platform/passwords/hash-algorithm";

/** 22 characters hold 132 bits for 128: the last one has two values of its own bits. */
const APR1 = /^\$apr1\$[./0-9A-Za-z]{1,8}\$[./0-9A-Za-z]{21}[./01]$/;
/** Cost 4–12; salt and digest end in characters whose unused bits are zero. */
const BCRYPT = /^\$2[aby]\$(0[4-9]|1[0-2])\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{30}[.CGKOSWaeimquy26]$/;

/**
 * What a hash costs to check, as a word that is equal for hashes of equal cost (`apr1`, `bcrypt-10`), or `null`
 * where the hash is not exactly of the algorithm's form.
 *
 * Traefik checks an unknown user against some user's hash: a middleware with two costs tells who exists.
 */
export function hashCost(algorithm: HashAlgorithm, hash: string): string | null {
  if (algorithm === "apr1") return APR1.test(hash) ? "apr1" : null;
  if (algorithm !== "bcrypt") return null;
  const cost = BCRYPT.exec(hash)?.[1];
  return cost === undefined ? null : `bcrypt-${cost}`;
}
