import { eq } from "drizzle-orm";
import { gateways } from "../../../drizzle/gateways";
import type { Gateway } from "../../contracts/gateways";
import { NotFound } from "../../core/errors";
import type { Authorized } from "../../persistence/authorized";
import { asViewer } from "./as-viewer";
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
