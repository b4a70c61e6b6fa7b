import type { Transaction } from "../database/database";
import type { SyncState } from "../platform/contract/sync-state";
import { syncStateOf } from "./exposure";
import { exposureFactsOf } from "./exposure-facts";

/** How far each application's last change has come. */
export async function syncStatesOf(
  tx: Transaction,
  applicationIds: readonly string[],
  now: Date,
): Promise<(applicationId: string) => SyncState> {
  const facts = await exposureFactsOf(tx, [...new Set(applicationIds)], now);
  return (applicationId) => {
    const found = facts.get(applicationId);
    return found ? syncStateOf(found) : "unchanged";
  };
}
