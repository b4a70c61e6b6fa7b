import type { Logger } from "pino";
import type { Database } from "../database/database";
import type { Signer } from "../database/signing";
import { later } from "../platform/moment";
import type { Clock } from "../platform/values";
import { yieldToEventLoop } from "../platform/yield-to-event-loop";
import { removeOldEntries, renewRemoval } from "./retention";
import { nextLog, writeCheckpoint } from "./seal-entries";

const day = 86_400_000;

interface AuditKeeper {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signer: Signer;
  /** In days; 0 keeps them forever. */
  readonly auditRetentionDays: number;
}

/**
 * Once a day, signs the end of each log's chain, and removes entries from its beginning that exceed the retention time.
 */
export async function keepAuditLogs(keeper: AuditKeeper, over: AbortSignal): Promise<void> {
  const { database, clock, signer } = keeper;
  let organizationId = await nextLog(database, "");
  while (organizationId !== null && !over.aborted) {
    await writeCheckpoint(database, organizationId, signer, clock.now());
    await renewRemoval(database, organizationId, signer);
    if (keeper.auditRetentionDays > 0) await removeOld(keeper, organizationId, over);
    await yieldToEventLoop();
    organizationId = await nextLog(database, organizationId);
  }
}

async function removeOld(keeper: AuditKeeper, organizationId: string, over: AbortSignal): Promise<void> {
  const { database, clock, log, signer, auditRetentionDays } = keeper;
  const now = clock.now();
  const before = later(now, -auditRetentionDays * day);
  let removed = 0;
  while (!over.aborted) {
    const part = await removeOldEntries(database, { organizationId, before, now, signer }, removed);
    if (part.kind === "broken") {
      const { sequence, why } = part.broken;
      log.error({ organizationId, sequence, why }, "the audit log is not intact; no more entries are removed from it");
      return;
    }
    removed += part.entries;
    if (!part.more) break;
    await yieldToEventLoop();
  }
  if (removed > 0)
    log.info({ organizationId, removed, before: before.toISOString() }, "old audit entries were removed");
}
