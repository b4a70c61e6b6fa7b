import { z } from "zod";
import { IdInput, Name } from "#src/platform/contract/fields";

export const SuggestHosts = z.strictObject({
  /** The name of the application. */
  name: Name,
  /** The environment of the application, if it exists already. */
  environmentId: IdInput.optional(),
  /** Without it, the first gateway that the organization may use. */
  gatewayId: IdInput.optional(),
});
export type SuggestHosts = z.infer<typeof SuggestHosts>;

/** Hosts that are free at the gateway, the best one first; empty if there is none. */
export const SuggestedHosts = z.object({ gatewayId: z.string(), hosts: z.array(z.string()) });
export type SuggestedHosts = z.infer<typeof SuggestedHosts>;
