import { eq, sql } from "drizzle-orm";
import { apiKeys } from "../../../drizzle/api-keys";
import type { Principal } from "../../access/principal";
import { rowsOf, type Transaction } from "../../database/database";
import { Refusal } from "../../platform/errors/refusal";

/**
 * The provider by which somebody came who now creates a key: the one that opened their session, or for a key the one that
 * it depends on itself. The new key ends when the groups of that provider end what they gave. The holder is locked, so
 * that a session that ends at this moment either takes the key with it, or is seen to be gone here.
 * @throws Refusal `session_ended`
 */
export async function providerOf({ tx }: { readonly tx: Transaction }, principal: Principal): Promise<string | null> {
  if (principal.kind === "commandLine") return null;
  if (principal.kind === "apiKey") {
    const [row] = await tx
      .select({ providerId: apiKeys.providerId })
      .from(apiKeys)
      .where(eq(apiKeys.apiKeyId, principal.apiKeyId));
    return row?.providerId ?? null;
  }
  const [session] = rowsOf<{ provider_id: string | null }>(
    await tx.execute(sql`select provider_id from portcullis_provider_of_session(${principal.sessionId}::text)`),
  );
  if (!session) throw new Refusal("session_ended");
  return session.provider_id;
}
