import type { Logger } from "pino";
import type { Database } from "../database/database";
import { Repeats } from "../platform/repeats";
import { breathe, type Pace } from "../platform/timer";
import type { Clock } from "../platform/values";
import { entryHash } from "./chain";
import { organizationsToSeal, sealEntries, settleRefusals } from "./sealing";

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
  const settleAll = async () => {
    while (!over.aborted && (await settleRefusals(database, clock.now()))) await breathe();
  };
  while (!over.aborted) {
    // What cannot be settled does not keep anything else from being sealed.
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
 * Everything that waits to be sealed now. An entry that cannot be sealed only holds up its own organization.
 * @throws Error what kept the first such organization from being sealed, when all others are
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
    await breathe();
  }
}
