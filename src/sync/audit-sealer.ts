import type { Logger } from "pino";
import { entryHash } from "../core/sync/audit-chain";
import type { Database } from "../persistence/database";
import { organizationsToSeal, pageOfChain, sealEntries } from "../persistence/sync/audit-sealing";
import { breathe, type Pace } from "./pace";

/** Entries sealed in one transaction. */
const sealedAtOnce = 50;
/** An entry is sealed within a second of its commit: at most this later, in ms, and the time that the sealing takes. */
const everyMs = 400;

interface AuditSealer {
  readonly database: Database;
  readonly log: Logger;
  readonly pace: Pace;
}

/** Adds every new audit entry to its organization's chain; of several processes one at a time for an organization. */
export async function sealUntilOver({ database, log, pace }: AuditSealer, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    try {
      await sealPending(database, over);
    } catch (error) {
      if (over.aborted) return;
      log.warn({ err: error }, "audit entries could not be sealed");
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

export type ChainVerdict =
  | { readonly intact: true; readonly entries: number; readonly hash: string }
  /** The first place where the chain is not what it was. */
  | { readonly intact: false; readonly sequence: number; readonly why: "missing" | "altered" };

/** Whether an organization's sealed entries are exactly those that were sealed, in pages. */
export async function verifyAuditChain(database: Database, organizationId: string): Promise<ChainVerdict> {
  let hash = "";
  let sequence = 0;
  for (;;) {
    const page = await pageOfChain(database, organizationId, sequence, 200);
    if (page.length === 0) return { intact: true, entries: sequence, hash };
    for (const entry of page) {
      if (entry.sequence !== sequence + 1) return { intact: false, sequence: sequence + 1, why: "missing" };
      sequence++;
      if (entryHash(hash, entry) !== entry.hash) return { intact: false, sequence, why: "altered" };
      hash = entry.hash;
    }
    await breathe();
  }
}
