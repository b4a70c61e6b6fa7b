import { z } from "zod";
import { IdInput } from "#src/platform/contract/fields";

export const CheckUpstream = z.strictObject({
  url: z.string().min(1).max(400),
  /** The gateway of the route; without it, the first gateway that the organization may use. */
  gatewayId: IdInput.optional(),
});
export type CheckUpstream = z.infer<typeof CheckUpstream>;

/** How an upstream answers this server. The gateway may have another view of the network. */
export const CheckedUpstream = z.object({
  /**
   * `answers`: with a status of HTTP. `refuses`: it refuses the connection, or does not speak HTTP or a trusted TLS.
   * `silent`: it does not answer in time, or its name has no address. `not_allowed`: no route may lead there, and
   * nothing was sent.
   */
  outcome: z.enum(["answers", "refuses", "silent", "not_allowed"]),
  status: z.number().int().nullable(),
  /** Why no route may lead there, as `routes.create` would refuse it; null for every other outcome. */
  refusal: z
    .object({
      reason: z.enum(["invalid_upstream", "upstream_taken"]),
      /** The rule that it breaks: `upstream_metadata`. */
      problem: z.string(),
      message: z.string(),
    })
    .nullable(),
});
export type CheckedUpstream = z.infer<typeof CheckedUpstream>;
