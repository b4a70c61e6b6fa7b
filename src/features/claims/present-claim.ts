import type { claims } from "../../../drizzle/routes";
import type { Runtime } from "../../access/runtime";
import { type SyncTicket, unchanged } from "../../access/unit-of-work";
import { hostOfOrigin, reservedFor } from "../../platform/net/reserved-hosts";
import type { Claim } from "./contract";

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
