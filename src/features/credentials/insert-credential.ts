import { eq } from "drizzle-orm";
import { applications } from "../../../drizzle/applications";
import { security } from "../../../drizzle/security";
import type { Transaction } from "../../database/database";
import { violatedConstraint } from "../../database/database-errors";
import type { Sealer } from "../../database/sealing";
import { Refusal } from "../../platform/errors/refusal";
import { newId } from "../../platform/ids";
import type { CredentialRow } from "./present-credential";
import type { PreparedPassword } from "./visitor-password";

/** The same for a taken name at creation and at renaming. */
export function orDuplicateUsername(error: unknown, username: string): never {
  if (violatedConstraint(error) === "security_username") {
    throw new Refusal("duplicate_username", { username });
  }
  throw error;
}

/**
 * Inserts a credential with its hash sealed for its row, and takes back what opened the application.
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
  };
  await tx
    .insert(security)
    .values({
      ...row,
      organizationId: application.organizationId,
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
