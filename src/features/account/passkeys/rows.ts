import { desc, eq } from "drizzle-orm";
import { passkeys } from "#drizzle/persons";
import type { Transaction } from "#src/database/database";
import type { Passkey } from "#src/platform/contract/second-factors";

/** The columns of a passkey that a response contains. */
export const passkeyColumns = {
  passkeyId: passkeys.passkeyId,
  name: passkeys.name,
  createdAt: passkeys.createdAt,
  lastUsedAt: passkeys.lastUsedAt,
  backedUp: passkeys.backedUp,
};

interface Row extends Omit<Passkey, "createdAt" | "lastUsedAt"> {
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
}

export function presentPasskey({ createdAt, lastUsedAt, ...row }: Row): Passkey {
  return { ...row, createdAt: createdAt.toISOString(), lastUsedAt: lastUsedAt?.toISOString() ?? null };
}

/** A person's passkeys, in the form that browsers expect. */
export async function descriptorsOf(tx: Transaction, userId: string) {
  const rows = await tx
    .select({ id: passkeys.credentialId, transports: passkeys.transports })
    .from(passkeys)
    .where(eq(passkeys.userId, userId))
    .orderBy(desc(passkeys.passkeyId));
  return rows.map(({ id, transports }) => ({
    id,
    type: "public-key" as const,
    ...(transports.length > 0 ? { transports } : {}),
  }));
}
