import { eq } from "drizzle-orm";
import { gateways } from "#drizzle/gateways";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { Gateway, GatewayById } from "./contract";
import { gateway } from "./resource";
import { asViewer, gatewayColumns, presentGateway } from "./rows";

/** One gateway. */
export const one = operation(
  {
    name: "gateways.one",
    summary: "Get a gateway",
    permission: "gateway:read",
    on: gateway,
    input: GatewayById,
    output: Gateway,
    errors: [],
    rest: { method: "GET", path: "/gateways/{gatewayId}" },
  },
  async (authorized) => {
    return asViewer(authorized, async (tx) => {
      const [row] = await tx
        .select(gatewayColumns)
        .from(gateways)
        .where(eq(gateways.gatewayId, authorized.object.gatewayId));
      if (!row) throw new Refusal("not_found", authorized.named);
      return presentGateway(row);
    });
  },
);
