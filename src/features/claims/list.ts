import { and, desc, eq, lt } from "drizzle-orm";
import { claims } from "../../../drizzle/routes";
import type { Authorized } from "../../access/authorized";
import { readAs } from "../../access/read-as";
import { pageOfRows } from "../../database/page";
import type { Claim, ListClaims } from "./contract";
import { presentClaim } from "./present-claim";

/** The organization's claims, on one gateway or on all; newest first. */
export async function listClaims(
  authorized: Authorized<"claim:read", "gateway" | "organization">,
  input: ListClaims,
): Promise<{ items: Claim[]; nextCursor: string | null }> {
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
}
