import type { claims } from "../../../drizzle/routes";
import type { Claim } from "../../contracts/claims";
import { type SyncTicket, unchanged } from "../../persistence/unit-of-work";

/** The public form of a claim. */
export function presentClaim(row: typeof claims.$inferSelect, sync: SyncTicket = unchanged): Claim {
  return {
    claimId: row.claimId,
    gatewayId: row.gatewayId,
    kind: row.kind,
    value: row.value,
    createdAt: row.createdAt.toISOString(),
    sync: { changeId: sync.changeId, state: sync.state },
  };
}
