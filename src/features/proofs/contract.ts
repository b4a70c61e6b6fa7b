import { z } from "zod";
import { IdInput, Moment } from "#src/platform/contract/fields";
import { UnprovenReason } from "#src/platform/contract/sync-state";
import { Proof } from "../sync/contract";

export const ListProofs = z.strictObject({ applicationId: IdInput });

/** A request to the gateway, its answer, and whether that is what the application must answer. */
const JudgedProof = Proof.extend({
  proven: z.boolean(),
  why: UnprovenReason.nullable(),
  /** What the answer calls its server, if it is not what the application must answer. */
  server: z.string().nullable(),
});

export const Proofs = z.object({
  gatewayId: z.string(),
  /** The delivery that last changed the application; null if nothing was delivered yet. */
  revision: z.number().int().nullable(),
  /** The newest delivery that the gateway was seen to enforce; 0 if there is none. */
  provenRevision: z.number().int(),
  provedAt: Moment.nullable(),
  /** Why the newest delivery is not proven; null if it is proven, or was not asked about yet. */
  unproven: UnprovenReason.nullable(),
  /** The answers of the last time, one for each route and each place of a removed route. */
  items: z.array(JudgedProof),
});
