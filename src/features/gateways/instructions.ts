import { eq, sql } from "drizzle-orm";
import { gateways } from "#drizzle/gateways";
import { aheadInSql } from "#src/database/moments-in-sql";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { localGateway } from "#src/platform/local-gateway";
import { isoText } from "#src/platform/moment";
import { GatewayById, GatewayInstructions, ReportedCondition } from "./contract";
import { gateway } from "./resource";
import { asViewer } from "./rows";

/**
 * Says how to start a gateway, and what the gateway does with its folder: the help for a delivery that does not arrive.
 * Paths of the machine are for members of the root organization, which manages the installation.
 */
export const instructions = operation(
  {
    name: "gateways.instructions",
    summary: "Get the start command of a gateway, and whether it runs, reads and watches its folder",
    permission: "gateway:read",
    on: gateway,
    input: GatewayById,
    output: GatewayInstructions,
    errors: [],
    rest: { method: "GET", path: "/gateways/{gatewayId}/instructions" },
  },
  async (authorized) => {
    const { gatewayId, name, address, probeAddress } = authorized.object;
    const { runtime } = authorized.request;
    const [row] = await asViewer(authorized, (tx) =>
      tx
        .select({
          condition: gateways.condition,
          conditionAt: gateways.conditionAt,
          isLed: sql<boolean>`${aheadInSql(gateways.leaseUntil, sql`now()`)}`,
        })
        .from(gateways)
        .where(eq(gateways.gatewayId, gatewayId)),
    );
    if (!row) throw new Refusal("not_found", authorized.named);
    const isShown = authorized.organization.root && name === localGateway;
    const local = isShown ? runtime.localGateway() : null;
    const condition = ReportedCondition.catch("unknown").parse(row.isLed ? row.condition : null);
    return {
      gatewayId,
      command: local?.command ?? null,
      folder: local?.folder ?? null,
      address,
      probeAddress,
      condition,
      since: condition !== "unknown" && row.conditionAt !== null ? isoText(row.conditionAt) : null,
    };
  },
);
