import { eq } from "drizzle-orm";
import { apiKeys } from "#drizzle/api-keys";
import { unitOfWork } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { Key, UpdateKey } from "./contract";
import { apiKey } from "./resource";
import { keyColumns, presentKey } from "./rows";
import { requireKeyNotAboveOwn, requireLimitsWithinOwn, requireNetworks } from "./rules";

/**
 * Renames an API key, or changes from where and how often it may be used. Its permissions and its expiry stay.
 * @throws Refusal `key_above_own` | `above_making_key` | `not_a_network`
 */
export const update = operation(
  {
    name: "keys.update",
    summary: "Change the name, networks or rate limit of an API key",
    permission: "key:update",
    on: apiKey,
    input: UpdateKey,
    output: Key,
    errors: ["above_making_key", "key_above_own", "not_a_network"],
    rest: { method: "PATCH", path: "/keys/{apiKeyId}" },
  },
  async (authorized, input) => {
    return unitOfWork(authorized, async (work) => {
      await requireKeyNotAboveOwn(work);
      requireNetworks(input.allowedIps);
      await requireLimitsWithinOwn(work.tx, work.authorized.principal, input);
      const { apiKeyId } = work.authorized.object;
      const its = eq(apiKeys.apiKeyId, apiKeyId);
      const [before] = await work.tx.select(keyColumns).from(apiKeys).where(its);
      if (!before) throw new Refusal("not_found", authorized.named);
      const {
        name = before.name,
        allowedIps = before.allowedIps,
        requestsPerMinute = before.requestsPerMinute,
      } = input;
      const [row] = await work.tx
        .update(apiKeys)
        .set({ name, allowedIps, requestsPerMinute })
        .where(its)
        .returning(keyColumns);
      if (!row) throw new Refusal("not_found", authorized.named);
      work.audit({ kind: "apiKey", id: apiKeyId }, changesOf(before, row));
      return presentKey(row);
    });
  },
);

/** The changed fields: before and after. */
function changesOf(before: Pick<Key, Changeable>, after: Pick<Key, Changeable>): Record<string, unknown> {
  const changed = changeable.filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]));
  return Object.fromEntries(changed.map((field) => [field, [before[field], after[field]]]));
}

const changeable = ["name", "allowedIps", "requestsPerMinute"] as const;
type Changeable = (typeof changeable)[number];
