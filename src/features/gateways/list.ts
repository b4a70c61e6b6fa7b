import { desc, lt } from "drizzle-orm";
import { gateways } from "../../../drizzle/gateways";
import type { Authorized } from "../../access/authorized";
import { pageOfRows } from "../../database/page";
import { asViewer } from "./as-viewer";
import type { Gateway, ListGateways } from "./contract";
import { gatewayColumns } from "./gateway-columns";
import { presentGateway } from "./present-gateway";

/** The gateways that the organization is allowed on; newest first. */
export async function listGateways(
  authorized: Authorized<"gateway:read", "organization">,
  input: ListGateways,
): Promise<{ items: Gateway[]; nextCursor: string | null }> {
  return asViewer(authorized, async (tx) => {
    const rows = await tx
      .select(gatewayColumns)
      .from(gateways)
      .where(input.cursor === undefined ? undefined : lt(gateways.gatewayId, input.cursor))
      .orderBy(desc(gateways.gatewayId))
      .limit(input.limit + 1);
    return pageOfRows(
      rows,
      input,
      (row) => row.gatewayId,
      (row) => presentGateway(row),
    );
  });
}
