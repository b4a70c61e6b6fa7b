import { PremiseChanged } from "#src/access/premise-changed";
import type { Runtime } from "#src/access/runtime";
import { Refusal } from "#src/platform/errors/refusal";
import { loadCommonPasswords } from "#src/platform/passwords/common-passwords";
import { checkUsername, checkVisitorPassword } from "#src/platform/passwords/credential-rules";
import { generatePassword } from "#src/platform/passwords/generate-password";
import type { HashAlgorithm } from "#src/platform/passwords/hash-algorithm";
import { hashForGateway, ownBcryptCost } from "#src/platform/passwords/hash-for-gateway";
import { adviseOnPassword, type PasswordWarning } from "#src/platform/passwords/password-advice";
import type { LocatedApplication } from "../applications/resource";

/** A visitor's password before it is stored as a hash. */
export interface PreparedPassword extends HashKind {
  readonly hash: string;
  readonly warnings: readonly PasswordWarning[];
  /** Set only if it was generated. Only the response of the request that created it contains it. */
  readonly generated?: string;
}

/** @throws Refusal `invalid_username` with the rule that it breaks */
export function requireUsername(username: string): void {
  const problem = checkUsername(username);
  if (problem) throw new Refusal("invalid_username", { problem });
}

/**
 * Validates, judges and hashes a password, or generates one. It is slow, so call it before the transaction.
 * @throws Refusal `invalid_password` | `weak_password` (policy `enforce`), with the rules that it breaks
 * @throws Refusal `busy`: too many passwords wait to be hashed
 */
export async function preparePassword(
  runtime: Pick<Runtime, "random">,
  given: string | undefined,
  context: HashKind & { username: string; policy: "advise" | "enforce"; organizationId: string },
): Promise<PreparedPassword> {
  const { algorithm, cost, organizationId } = context;
  const bcryptCost = cost ?? ownBcryptCost;
  const hash = (password: string) => hashForGateway(password, algorithm, runtime.random, organizationId, bcryptCost);
  if (given === undefined) {
    const generated = generatePassword(runtime.random);
    return { algorithm, cost, hash: await hash(generated), warnings: [], generated };
  }
  const problem = checkVisitorPassword(given, algorithm);
  if (problem) throw new Refusal("invalid_password", { problem });
  const warnings = adviseOnPassword(given, context.username, await loadCommonPasswords());
  if (context.policy === "enforce" && warnings.length > 0) {
    throw new Refusal("weak_password", { field: "password", weaknesses: warnings });
  }
  return { algorithm, cost, hash: await hash(given), warnings };
}

/** How a password is hashed. All credentials of an application are hashed in the same way. */
export interface HashKind {
  readonly algorithm: HashAlgorithm;
  /** The cost of bcrypt; null for apr1. */
  readonly cost: number | null;
}

/** How new passwords of an application are hashed: like those of its present credentials. */
export function hashKindOf(application: Pick<LocatedApplication, "hashAlgorithm" | "hashCost">): HashKind {
  const { hashAlgorithm: algorithm, hashCost } = application;
  return { algorithm, cost: algorithm === "bcrypt" ? (hashCost ?? ownBcryptCost) : null };
}

/**
 * Checks that a password that was judged before the transaction may still be stored.
 * @throws PremiseChanged the algorithm or its cost has changed, or weak passwords are no longer accepted
 */
export function requireStillAccepted(
  password: PreparedPassword,
  now: HashKind & { readonly policy: "advise" | "enforce" },
): void {
  if (now.algorithm !== password.algorithm || now.cost !== password.cost)
    throw new PremiseChanged("the hash algorithm");
  if (now.policy === "enforce" && password.warnings.length > 0) throw new PremiseChanged("the password policy");
}
