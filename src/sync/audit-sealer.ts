import type { Logger } from "pino";
import { entryHash } from "../core/audit/audit-chain";
import { Repeats } from "../core/repeats";
import type { Clock } from "../core/values";
import type { Database } from "../persistence/database";
import { organizationsToSeal, sealEntries, settleRefusals } from "../persistence/sync/audit-sealing";
import { breathe, type Pace } from "./pace";

/** Entries sealed in one transaction. */
const sealedAtOnce = 50;
/** An entry is sealed within a second of its commit: at most this later, in ms, and the time that the sealing takes. */
const everyMs = 400;

interface AuditSealer {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly pace: Pace;
}

/**
 * Makes entries of the refused tries that were counted, and adds every new entry to its organization's chain; of several
 * processes one at a time for an organization.
 */
export async function sealUntilOver({ database, clock, log, pace }: AuditSealer, over: AbortSignal): Promise<void> {
  const repeats = new Repeats();
  while (!over.aborted) {
    try {
      while (!over.aborted && (await settleRefusals(database, clock.now()))) await breathe();
      await sealPending(database, over);
      repeats.over();
    } catch (error) {
      if (over.aborted) return;
      const silent = repeats.due("seal", pace.now());
      if (silent !== null) log.warn({ err: error, silent }, "audit entries could not be sealed");
    }
    await pace.sleep(everyMs, over);
  }
}

/** Everything that waits to be sealed now. */
export async function sealPending(database: Database, over: AbortSignal): Promise<void> {
  for (const organizationId of await organizationsToSeal(database)) {
    let sealed = sealedAtOnce;
    while (sealed === sealedAtOnce && !over.aborted) {
      sealed = await sealEntries(database, organizationId, sealedAtOnce, entryHash);
      await breathe();
    }
  }
}
