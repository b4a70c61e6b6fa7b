import { and, desc, eq, lt } from "drizzle-orm";
import { claims } from "#drizzle/routes";
import { readAs } from "#src/access/read-as";
import { pageOfRows } from "#src/database/page-of-rows";
import { operation } from "#src/operations/operation";
import { orCaller } from "#src/operations/subject";
import { gateway } from "../gateways/resource";
import { ClaimPage, ListClaims } from "./contract";
import { presentClaim } from "./rows";

/** The organization's claims, on one gateway or on all; newest first. */
export const list = operation(
  {
    name: "claims.list",
    summary: "List the host names and upstream addresses that the organization has claimed",
    permission: "claim:read",
    on: orCaller(gateway),
    input: ListClaims,
    output: ClaimPage,
    errors: [],
    rest: { method: "GET", path: "/claims" },
  },
  async (authorized, input) => {
    return readAs(authorized, async (tx) => {
      const rows = await tx
        .select()
        .from(claims)
        .where(
          and(
            input.gatewayId === undefined ? undefined : eq(claims.gatewayId, input.gatewayId),
            input.cursor === undefined ? undefined : lt(claims.claimId, input.cursor),
          ),
        )
        .orderBy(desc(claims.claimId))
        .limit(input.limit + 1);
      return pageOfRows(
        rows,
        input,
        (row) => row.claimId,
        (row) => presentClaim(row, authorized.request.runtime),
      );
    });
  },
);
