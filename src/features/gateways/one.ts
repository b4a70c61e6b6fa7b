import { eq } from "drizzle-orm";
import { gateways } from "../../../drizzle/gateways";
import type { Authorized } from "../../access/authorized";
import { NotFound } from "../../platform/errors";
import { asViewer } from "./as-viewer";
import type { Gateway } from "./contract";
import { gatewayColumns } from "./gateway-columns";
import { presentGateway } from "./present-gateway";

/** One gateway. */
export async function getGateway(authorized: Authorized<"gateway:read", "gateway">): Promise<Gateway> {
  return asViewer(authorized, async (tx) => {
    const [row] = await tx
      .select(gatewayColumns)
      .from(gateways)
      .where(eq(gateways.gatewayId, authorized.object.gatewayId));
    if (!row) throw new NotFound();
    return presentGateway(row);
  });
}
