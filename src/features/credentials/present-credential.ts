import type { security } from "../../../drizzle/security";
import type { SyncState } from "../../platform/contract/sync-state";
import type { Credential } from "./contract";

/** A row of `security` as far as it may be seen: everything but the hash. */
export type CredentialRow = Omit<typeof security.$inferSelect, "hashSealed" | "organizationId">;

/** The public form of a credential. Never a password, never a hash. */
export function presentCredential(
  row: CredentialRow,
  sync: { readonly changeId: string | null; readonly state: SyncState },
): Credential {
  return {
    securityId: row.securityId,
    applicationId: row.applicationId,
    username: row.username,
    hashAlgorithm: row.hashAlgorithm,
    createdAt: row.createdAt.toISOString(),
    passwordChangedAt: row.passwordChangedAt.toISOString(),
    expiresAt: row.expiresAt?.toISOString() ?? null,
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
    sync: { changeId: sync.changeId, state: sync.state },
  };
}
