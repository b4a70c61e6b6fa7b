import type { Logger } from "pino";
import { keepAuditLogs } from "#src/audit/keeper";
import type { Database } from "#src/database/database";
import type { Signer } from "#src/database/signing";
import { later } from "#src/platform/moment";
import type { Pace } from "#src/platform/timer";
import type { Clock } from "#src/platform/values";
import { yieldToEventLoop } from "#src/platform/yield-to-event-loop";
import { sweepChanges, sweepClaims, sweepDeliveries, sweepRemoved } from "./sweeps";

const hour = 3_600_000;
/** How long records of deliveries are kept, in ms. */
const keptFor = 30 * 24 * hour;

interface Sweeper {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly pace: Pace;
  readonly signer: Signer;
  /** In days; 0 keeps them forever. */
  readonly auditRetentionDays: number;
}

/** Every hour, removes expired rows and ends the claims that are due. */
export async function sweepUntilOver(sweeper: Sweeper, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    try {
      await sweep(sweeper, over);
      await keepAuditLogs(sweeper, over);
    } catch (error) {
      if (over.aborted) return;
      sweeper.log.warn({ err: error }, "expired rows could not be removed");
    }
    await sweeper.pace.sleep(hour, over);
  }
}

export async function sweep(
  { database, clock }: Pick<Sweeper, "database" | "clock">,
  over: AbortSignal,
): Promise<void> {
  const before = later(clock.now(), -keptFor);
  for (const part of [sweepChanges, sweepDeliveries]) {
    while (!over.aborted && (await part(database, before))) await yieldToEventLoop();
  }
  await sweepRemoved(database, before);
  while (!over.aborted && (await sweepClaims(database, clock.now()))) await yieldToEventLoop();
}
