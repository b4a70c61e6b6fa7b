import type { gateways } from "../../../drizzle/gateways";
import { type SyncTicket, unchanged } from "../../access/unit-of-work";
import type { Gateway } from "./contract";
import type { gatewayColumns } from "./gateway-columns";

/** The public form of a gateway. */
export function presentGateway(
  row: Pick<typeof gateways.$inferSelect, keyof typeof gatewayColumns>,
  sync: SyncTicket = unchanged,
): Gateway {
  return {
    gatewayId: row.gatewayId,
    name: row.name,
    target: row.target,
    address: row.address,
    probeAddress: row.probeAddress,
    tags: row.tags,
    createdAt: row.createdAt.toISOString(),
    sync: { changeId: sync.changeId, state: sync.state },
  };
}
