import { desc, eq } from "drizzle-orm";
import { passkeys } from "../../../../drizzle/persons";
import type { Transaction } from "../../../database/database";

/** A person's passkeys, as a browser is told of them. */
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
