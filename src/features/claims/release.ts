import { eq } from "drizzle-orm";
import { claims } from "#drizzle/routes";
import { unitOfWork } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { Claim, ClaimById } from "./contract";
import { claim } from "./resource";
import { presentClaim, releaseHost } from "./rows";

/**
 * Releases a host name: its deny is removed, and any organization may claim it. The release explicitly accepts that
 * other services of the gateway may answer under that name from then on.
 * @throws Refusal `claim_in_use` a route needs it, or it is the claim of an upstream, which ends with its last route
 */
export const release = operation(
  {
    name: "claims.release",
    summary: "Release the claim of a host name that no route uses; any organization can then claim it",
    permission: "claim:release",
    on: claim,
    input: ClaimById,
    output: Claim,
    errors: ["claim_in_use"],
    rest: { method: "POST", path: "/claims/{claimId}/release" },
  },
  async (authorized) => {
    return unitOfWork(authorized, async (work) => {
      const { claimId, gatewayId, denyGroup } = work.authorized.object;
      const [row] = await work.tx.select().from(claims).where(eq(claims.claimId, claimId));
      if (!row) throw new Refusal("not_found", authorized.named);
      const outcome = row.kind === "upstream" ? "in_use" : await releaseHost(work.tx, claimId, gatewayId);
      if (outcome === "gone") throw new Refusal("not_found", authorized.named);
      if (outcome === "in_use") throw new Refusal("claim_in_use", { value: row.value });
      work.audit({ kind: "claim", id: claimId }, { kind: row.kind, value: row.value });
      if (denyGroup !== null) work.deliver({ gatewayId, denyGroup, closes: false });
      return presentClaim(row, authorized.request.runtime, work.sync);
    });
  },
);
