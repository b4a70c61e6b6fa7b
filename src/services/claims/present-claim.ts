import type { claims } from "../../../drizzle/routes";
import type { Claim } from "../../contracts/claims";
import { hostOfOrigin, reservedFor } from "../../core/reserved-hosts";
import type { Runtime } from "../../persistence/runtime";
import { type SyncTicket, unchanged } from "../../persistence/unit-of-work";

/** The public form of a claim. */
export function presentClaim(
  row: typeof claims.$inferSelect,
  { signIn }: Pick<Runtime, "signIn">,
  sync: SyncTicket = unchanged,
): Claim {
  return {
    claimId: row.claimId,
    gatewayId: row.gatewayId,
    kind: row.kind,
    value: row.value,
    reserved: row.kind === "host" ? reservedFor(row.value, hostOfOrigin(signIn.publicOrigin)) : null,
    createdAt: row.createdAt.toISOString(),
    sync: { changeId: sync.changeId, state: sync.state },
  };
}
