import { LeaseLost } from "#src/database/as-sync";
import { Repeats } from "#src/platform/repeats";
import { causeOf } from "./cause-of";
import type { LeaderContext } from "./leader-context";
import { renewLease } from "./lease";

/** Renews the lease of a term, three times per lease duration. @throws LeaseLost */
export async function renewUntilOver(leader: LeaderContext, leaseMs: number): Promise<void> {
  const { database, lease, pace, log, over } = leader;
  const repeats = new Repeats();
  while (!over.aborted) {
    await pace.sleep(leaseMs / 3, over);
    if (over.aborted) return;
    try {
      await renewLease(database, lease, leaseMs);
      repeats.over();
    } catch (error) {
      // Without the database no delivery can be numbered either, so it is safe to continue. Only a lost lease must end
      // the term.
      if (error instanceof LeaseLost) throw error;
      const silent = repeats.due(causeOf(error), pace.now());
      if (silent === null) continue;
      log.warn({ gatewayId: lease.gatewayId, err: error, silent }, "the lease could not be renewed");
    }
  }
}
