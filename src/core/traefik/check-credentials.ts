import { credentialFingerprint } from "./fingerprint";
import { hashCost } from "./hash-shape";
import { inOrder } from "./in-order";
import type { CredentialState, Diagnostic, HashAlgorithm } from "./state";
import { isId, isUsername } from "./well-formed";

/** A credential in force that can stand in the middleware. */
export interface UsableCredential {
  /** `username:hash`, as Traefik takes it. */
  readonly line: string;
  readonly fingerprint: string;
}

export interface CheckedCredentials {
  readonly usable: readonly UsableCredential[];
  readonly problems: readonly Diagnostic[];
}

/** Sorts the valid rows into those that can be compiled, and what is wrong with the others. */
export function checkCredentials(
  rows: readonly CredentialState[],
  algorithm: HashAlgorithm,
  key: Uint8Array,
): CheckedCredentials {
  const valid = inOrder(
    rows.filter((row) => row.valid),
    (row) => JSON.stringify([row.securityId, row.username, row.hash]),
  );
  const cost = commonCost(valid, algorithm);
  const usable: UsableCredential[] = [];
  const problems: Diagnostic[] = [];
  for (const row of valid) {
    const problem = problemOf(row, valid, algorithm, cost);
    if (problem === null) {
      usable.push({ line: `${row.username}:${row.hash}`, fingerprint: credentialFingerprint(key, row) });
    } else {
      problems.push({ subject: isId(row.securityId) ? row.securityId : "credential", problem });
    }
  }
  return { usable: inOrder(usable, ({ line }) => line), problems };
}

function problemOf(
  row: CredentialState,
  valid: readonly CredentialState[],
  algorithm: HashAlgorithm,
  cost: string | null,
): string | null {
  if (!isId(row.securityId)) return "bad_id";
  if (row.hash === null) return "hash_not_readable";
  if (!isUsername(row.username)) return "bad_username";
  const own = hashCost(algorithm, row.hash);
  if (own === null) return "bad_hash";
  if (own !== cost) return "mixed_cost";
  if (valid.filter((other) => other.securityId === row.securityId).length > 1) return "duplicate_id";
  if (valid.filter((other) => other.username === row.username).length > 1) return "duplicate_username";
  return null;
}

/** The cost that most of the rows have; of equally common ones the lowest. */
function commonCost(rows: readonly CredentialState[], algorithm: HashAlgorithm): string | null {
  const costs = rows.flatMap(({ hash }) => (hash === null ? [] : (hashCost(algorithm, hash) ?? [])));
  const often = (cost: string) => costs.filter((other) => other === cost).length;
  const [first] = inOrder([...new Set(costs)], (cost) => cost).sort((one, other) => often(other) - often(one));
  return first ?? null;
}
