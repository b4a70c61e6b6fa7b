import { desc, lt } from "drizzle-orm";
import { gateways } from "#drizzle/gateways";
import { pageOfRows } from "#src/database/page-of-rows";
import { operation } from "#src/operations/operation";
import { caller } from "#src/operations/subject";
import { GatewayPage, ListGateways } from "./contract";
import { asViewer, gatewayColumns, presentGateway } from "./rows";

/** The gateways that the organization is allowed on; newest first. */
export const list = operation(
  {
    name: "gateways.list",
    summary: "List the gateways that the organization may use; the root organization sees all",
    permission: "gateway:read",
    on: caller,
    input: ListGateways,
    output: GatewayPage,
    errors: [],
    rest: { method: "GET", path: "/gateways" },
  },
  async (authorized, input) => {
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
  },
);
