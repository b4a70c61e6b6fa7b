import type { HashAlgorithm } from "#src/platform/passwords/hash-algorithm";
import { countsOf } from "./counts-of";
import { credentialFingerprint } from "./fingerprint";
import { hashCost } from "./hash-shape";
import { inOrder } from "./in-order";
import type { CredentialState, Diagnostic } from "./state";
import { isId, isUsername } from "./well-formed";

/** A valid credential that can be used in the middleware. */
export interface UsableCredential {
  /** `username:hash`, in Traefik's format. */
  readonly line: string;
  readonly fingerprint: string;
}

export interface CheckedCredentials {
  readonly usable: readonly UsableCredential[];
  readonly problems: readonly Diagnostic[];
}

/** Splits the valid rows into those that can be compiled, and the problems of the others. */
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
  const ids = countsOf(valid, (row) => row.securityId);
  const usernames = countsOf(valid, (row) => row.username);
  const usable: UsableCredential[] = [];
  const problems: Diagnostic[] = [];
  for (const row of valid) {
    const problem = problemOf(row, algorithm, cost) ?? duplicateOf(row, ids, usernames);
    if (problem === null) {
      usable.push({ line: `${row.username}:${row.hash}`, fingerprint: credentialFingerprint(key, row) });
    } else {
      problems.push({ subject: isId(row.securityId) ? row.securityId : "credential", problem });
    }
  }
  return { usable: inOrder(usable, ({ line }) => line), problems };
}

function problemOf(row: CredentialState, algorithm: HashAlgorithm, cost: string | null): string | null {
  if (!isId(row.securityId)) return "bad_id";
  if (row.hash === null) return "hash_not_readable";
  if (!isUsername(row.username)) return "bad_username";
  const own = hashCost(algorithm, row.hash);
  if (own === null) return "bad_hash";
  return own === cost ? null : "mixed_cost";
}

function duplicateOf(
  row: CredentialState,
  ids: ReadonlyMap<string, number>,
  usernames: ReadonlyMap<string, number>,
): string | null {
  if (ids.get(row.securityId) !== 1) return "duplicate_id";
  return usernames.get(row.username) === 1 ? null : "duplicate_username";
}

/** The cost that most of the rows have; of equally common ones the lowest. */
function commonCost(rows: readonly CredentialState[], algorithm: HashAlgorithm): string | null {
  const costs = countsOf(
    rows.flatMap(({ hash }) => (hash === null ? [] : (hashCost(algorithm, hash) ?? []))),
    (cost) => cost,
  );
  const [first] = inOrder([...costs], ([cost]) => cost).sort(([, one], [, other]) => other - one);
  return first?.[0] ?? null;
}
