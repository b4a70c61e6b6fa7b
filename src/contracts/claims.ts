import { z } from "zod";
import { IdInput, Moment, pageFields, pageOf } from "./page";
import { Sync } from "./sync-state";

export const ListClaims = z.strictObject({ gatewayId: IdInput.optional(), ...pageFields }).prefault({});
export type ListClaims = z.infer<typeof ListClaims>;

export const ClaimById = z.strictObject({ claimId: IdInput });

/** A host name or an upstream address that belongs to the organization on a gateway. */
export const Claim = z.object({
  claimId: z.string(),
  gatewayId: z.string(),
  kind: z.enum(["host", "upstream"]),
  value: z.string(),
  createdAt: Moment,
  sync: Sync,
});
export type Claim = z.infer<typeof Claim>;

export const ClaimPage = pageOf(Claim);
