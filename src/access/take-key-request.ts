import { sql } from "drizzle-orm";
import { Refusal } from "../platform/errors/refusal";
import type { Organization } from "./organization";
import type { KeyFacts } from "./principal";
import type { Runtime } from "./runtime";

/**
 * Counts one request of a key that has a limit, in a sliding minute that all processes share. If neither the key nor
 * its organization has a limit, no statement is sent.
 * @throws Refusal `key_rate_limited`
 */
export async function takeKeyRequest(
  { database, clock }: Pick<Runtime, "database" | "clock">,
  { apiKeyId, requestsPerMinute }: Pick<KeyFacts, "apiKeyId" | "requestsPerMinute">,
  { keyRequestsPerMinute }: Pick<Organization, "keyRequestsPerMinute">,
): Promise<void> {
  const limits = [requestsPerMinute, keyRequestsPerMinute].filter((limit) => limit !== null);
  if (limits.length === 0) return;
  const perMinute = Math.min(...limits);
  const [row] = await database.call<{ wait: number }>(
    sql`select portcullis_take_request(${apiKeyId}::text, ${perMinute}::integer, ${clock.now().toISOString()}::timestamptz) as wait`,
  );
  if (row && row.wait <= 0) return;
  throw new Refusal("key_rate_limited", { limit: "key:minute", perMinute, retryAfter: row?.wait ?? 60 });
}
