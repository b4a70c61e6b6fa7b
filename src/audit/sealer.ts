import type { Logger } from "pino";
import type { Database } from "../database/database";
import { Repeats } from "../platform/repeats";
import type { Pace } from "../platform/timer";
import type { Clock } from "../platform/values";
import { yieldToEventLoop } from "../platform/yield-to-event-loop";
import { entryHash } from "./chain";
import { organizationsToSeal, sealEntries, settleRefusals } from "./seal-entries";

/** Entries sealed in one transaction. */
const sealedAtOnce = 50;
/**
 * How often entries are sealed, in ms. An entry is sealed within a second of its commit: after at most this time, and
 * the time that sealing takes.
 */
const everyMs = 400;

interface AuditSealer {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly pace: Pace;
}

/**
 * Writes entries for the counted refused attempts, and adds every new entry to its organization's chain. Of several
 * processes, one at a time works on an organization.
 */
export async function sealUntilOver({ database, clock, log, pace }: AuditSealer, over: AbortSignal): Promise<void> {
  const repeats = new Repeats();
  const settleAll = async () => {
    while (!over.aborted && (await settleRefusals(database, clock.now()))) await yieldToEventLoop();
  };
  while (!over.aborted) {
    // A failure to write these entries does not stop the sealing of others.
    const outcomes = await Promise.allSettled([settleAll(), sealPending(database, over)]);
    const failures = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as unknown] : []));
    if (over.aborted) return;
    if (failures.length === 0) repeats.over();
    else {
      const silent = repeats.due("seal", pace.now());
      if (silent !== null) {
        for (const err of failures) log.warn({ err, silent }, "audit entries could not be sealed");
      }
    }
    await pace.sleep(everyMs, over);
  }
}

/**
 * Seals everything that waits now. An entry that cannot be sealed blocks only its own organization.
 * @throws Error the failure of the first such organization, after all others are sealed
 */
export async function sealPending(database: Database, over: AbortSignal): Promise<void> {
  const failures: unknown[] = [];
  for (const organizationId of await organizationsToSeal(database)) {
    try {
      await sealOrganization(database, organizationId, over);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

async function sealOrganization(database: Database, organizationId: string, over: AbortSignal): Promise<void> {
  let sealed = sealedAtOnce;
  while (sealed === sealedAtOnce && !over.aborted) {
    sealed = await sealEntries(database, organizationId, sealedAtOnce, entryHash);
    await yieldToEventLoop();
  }
}
