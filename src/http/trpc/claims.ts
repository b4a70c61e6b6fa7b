import { Claim, ClaimById, ClaimPage, ListClaims } from "../../features/claims/contract";
import { listClaims } from "../../features/claims/list";
import { releaseClaim } from "../../features/claims/release";
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
