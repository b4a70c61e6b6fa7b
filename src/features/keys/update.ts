import { eq } from "drizzle-orm";
import { apiKeys } from "../../../drizzle/api-keys";
import type { Authorized } from "../../access/authorized";
import { unitOfWork } from "../../access/unit-of-work";
import { NotFound } from "../../platform/errors";
import type { Key, UpdateKey } from "./contract";
import { keyColumns } from "./key-columns";
import { requireNetworks, requireWithinOwn } from "./limits-of-maker";
import { presentKey } from "./present-key";
import { requireReach } from "./require-reach";

/**
 * Renames an API key, or says anew where from and how often it may be used. What it may do and until when stays.
 * @throws Forbidden `key_above_own` | `above_making_key` | Invalid `not_a_network`
 */
export async function updateKey(authorized: Authorized<"key:update", "apiKey">, input: UpdateKey): Promise<Key> {
  return unitOfWork(authorized, async (work) => {
    await requireReach(work);
    requireNetworks(input.allowedIps);
    await requireWithinOwn(work.tx, work.authorized.principal, input);
    const { apiKeyId } = work.authorized.object;
    const its = eq(apiKeys.apiKeyId, apiKeyId);
    const [before] = await work.tx.select(keyColumns).from(apiKeys).where(its);
    if (!before) throw new NotFound();
    const { name = before.name, allowedIps = before.allowedIps, requestsPerMinute = before.requestsPerMinute } = input;
    const [row] = await work.tx
      .update(apiKeys)
      .set({ name, allowedIps, requestsPerMinute })
      .where(its)
      .returning(keyColumns);
    if (!row) throw new NotFound();
    work.audit("keys.update", { kind: "apiKey", id: apiKeyId }, changesOf(before, row));
    return presentKey(row);
  });
}

/** What is no longer as it was: before and after. */
function changesOf(before: Pick<Key, Changeable>, after: Pick<Key, Changeable>): Record<string, unknown> {
  const changed = changeable.filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]));
  return Object.fromEntries(changed.map((field) => [field, [before[field], after[field]]]));
}

const changeable = ["name", "allowedIps", "requestsPerMinute"] as const;
type Changeable = (typeof changeable)[number];
