import { eq } from "drizzle-orm";
import { applications } from "#drizzle/applications";
import { firstVersion } from "#drizzle/columns";
import { security } from "#drizzle/security";
import type { Transaction } from "#src/database/database";
import { violatedConstraint } from "#src/database/database-errors";
import type { Sealer } from "#src/database/sealing";
import type { SyncState } from "#src/platform/contract/sync-state";
import { Refusal } from "#src/platform/errors/refusal";
import { newId } from "#src/platform/ids";
import type { ApplicationCredential } from "./contract";
import type { HashKind, PreparedPassword } from "./rules";

/** The columns that operations read. They exclude the sealed hash, so that no response can contain it by mistake. */
export const credentialColumns = {
  securityId: security.securityId,
  applicationId: security.applicationId,
  username: security.username,
  hashAlgorithm: security.hashAlgorithm,
  createdAt: security.createdAt,
  passwordChangedAt: security.passwordChangedAt,
  expiresAt: security.expiresAt,
  lastUsedAt: security.lastUsedAt,
  version: security.version,
};

/** The visible part of a row of `security`: everything except the hash and its cost. */
export type CredentialRow = Omit<typeof security.$inferSelect, "hashSealed" | "hashCost" | "organizationId">;

/** The public form of a credential. It never has a password or a hash. */
export function presentCredential(
  row: CredentialRow,
  sync: { readonly changeId: string | null; readonly state: SyncState },
): ApplicationCredential {
  return {
    securityId: row.securityId,
    applicationId: row.applicationId,
    username: row.username,
    hashAlgorithm: row.hashAlgorithm,
    createdAt: row.createdAt.toISOString(),
    version: row.version,
    passwordChangedAt: row.passwordChangedAt.toISOString(),
    expiresAt: row.expiresAt?.toISOString() ?? null,
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
    sync: { changeId: sync.changeId, state: sync.state },
  };
}

/** Maps the constraint to one refusal for a duplicate username, at creation and at renaming. */
export function orDuplicateUsername(error: unknown, username: string): never {
  if (violatedConstraint(error) === "security_username") {
    throw new Refusal("duplicate_username", { username });
  }
  throw error;
}

/** A credential whose hash is already sealed for its row. */
export interface SealedCredential {
  readonly securityId: string;
  readonly username: string;
  readonly hashSealed: string;
}

/** The rows of one statement. PostgreSQL accepts 65,535 parameters. */
const rowsPerStatement = 1_000;

/** Inserts credentials that have one kind of hash. The caller has locked the application and compared the usernames. */
export async function insertSealed(
  tx: Transaction,
  application: { readonly applicationId: string; readonly organizationId: string },
  { algorithm: hashAlgorithm, cost: hashCost }: HashKind,
  credentials: readonly SealedCredential[],
  now: Date,
): Promise<void> {
  const { applicationId, organizationId } = application;
  const common = { applicationId, organizationId, hashAlgorithm, hashCost, createdAt: now, passwordChangedAt: now };
  for (let at = 0; at < credentials.length; at += rowsPerStatement) {
    const page = credentials.slice(at, at + rowsPerStatement);
    await tx.insert(security).values(page.map((credential) => ({ ...credential, ...common })));
  }
}

/**
 * Inserts a credential with its hash sealed for its row, and removes the setting that opened the application.
 * @throws Refusal `duplicate_username`
 */
export async function insertCredential(
  tx: Transaction,
  sealer: Sealer,
  application: { readonly applicationId: string; readonly organizationId: string; readonly openedBy: string | null },
  values: { readonly username: string; readonly password: PreparedPassword; readonly now: Date },
): Promise<CredentialRow> {
  const securityId = newId("credential");
  const row: CredentialRow = {
    securityId,
    applicationId: application.applicationId,
    username: values.username,
    hashAlgorithm: values.password.algorithm,
    createdAt: values.now,
    passwordChangedAt: values.now,
    expiresAt: null,
    lastUsedAt: null,
    version: firstVersion,
  };
  await tx
    .insert(security)
    .values({
      ...row,
      organizationId: application.organizationId,
      hashCost: values.password.cost,
      hashSealed: sealer.seal(`security:hash:${securityId}`, values.password.hash),
    })
    .catch((error: unknown) => orDuplicateUsername(error, values.username));
  if (application.openedBy !== null) {
    await tx
      .update(applications)
      .set({ openedBy: null })
      .where(eq(applications.applicationId, application.applicationId));
  }
  return row;
}
