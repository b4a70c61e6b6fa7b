import { passkeys } from "../../../../drizzle/persons";
import type { Passkey } from "../../../platform/contract/second-factors";

/** What an answer says of a passkey. */
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
