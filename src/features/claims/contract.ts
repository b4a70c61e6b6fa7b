import { z } from "zod";
import { IdInput, Moment, pageFields, pageOf } from "#src/platform/contract/fields";
import { Sync } from "#src/platform/contract/sync-state";

export const ListClaims = z.strictObject({ gatewayId: IdInput.optional(), ...pageFields }).prefault({});
export type ListClaims = z.infer<typeof ListClaims>;

export const ClaimById = z.strictObject({ claimId: IdInput });

/** A host name or an upstream address that belongs to the organization on a gateway. */
export const Claim = z.object({
  claimId: z.string(),
  gatewayId: z.string(),
  kind: z.enum(["host", "upstream"]),
  value: z.string(),
  /** Why the host could not be claimed today, for a claim that is older than the reservation; null otherwise. */
  reserved: z.enum(["control_plane", "loopback", "public_suffix"]).nullable(),
  createdAt: Moment,
  sync: Sync,
});
export type Claim = z.infer<typeof Claim>;

export const ClaimPage = pageOf(Claim);
