import { LeaseLost } from "#src/database/as-sync";
import { Repeats } from "#src/platform/repeats";
import { isFolderGone } from "../applier/file-operations";
import { causeOf } from "./cause-of";
import { compareAll } from "./compare-all";
import type { LeaderContext } from "./leader-context";
import type { Repairs } from "./repair-queue";

/** Delay before a failed comparison is retried, in ms. */
const againMs = 5_000;

/** Runs a full comparison at the start of the term and every `everyMs`. @throws LeaseLost */
export async function compareUntilOver(
  leader: LeaderContext,
  repairs: Repairs,
  everyMs: number,
  onFound: () => void,
): Promise<void> {
  const { over, pace, log, gateway } = leader;
  const repeats = new Repeats();
  while (!over.aborted) {
    let wait = everyMs;
    let gone = false;
    try {
      const begun = pace.now();
      const { compared, repaired } = await compareAll(leader, repairs, onFound);
      const ms = Math.round(pace.now() - begun);
      log.info({ gatewayId: gateway.gatewayId, compared, repaired, ms }, "the gateway's folder was compared");
      repeats.over();
    } catch (error) {
      if (error instanceof LeaseLost) throw error;
      if (over.aborted) return;
      const silent = repeats.due(causeOf(error), pace.now());
      if (silent !== null) {
        log.warn({ gatewayId: gateway.gatewayId, err: error, silent }, "the gateway's folder could not be compared");
      }
      wait = againMs;
      gone = isFolderGone(error);
    }
    await pace.sleep(wait, over);
    // The next term creates missing folders.
    if (gone) return;
  }
}
