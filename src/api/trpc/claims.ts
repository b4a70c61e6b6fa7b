import { Claim, ClaimById, ClaimPage, ListClaims } from "../../contracts/claims";
import { listClaims } from "../../services/claims/list-claims";
import { releaseClaim } from "../../services/claims/release-claim";
import { t } from "./init";
import { of } from "./of";
import { procedure } from "./procedure";

export const claims = t.router({
  list: procedure("claim:read", of.gatewayOrCaller)
    .input(ListClaims)
    .output(ClaimPage)
    .query(({ ctx, input }) => listClaims(ctx.authorized, input)),
  release: procedure("claim:release", of.claim)
    .input(ClaimById)
    .output(Claim)
    .mutation(({ ctx }) => releaseClaim(ctx.authorized)),
});
