import { z } from "zod";
import { Moment } from "./fields";

/** The progress of a change. `unchanged`: no gateway is affected. */
export const SyncState = z.enum(["unchanged", "pending", "applied", "loaded", "enforced"]);
export type SyncState = z.infer<typeof SyncState>;

/** The delivery state in a response; `changeId` can be passed to `sync.wait`. */
export const Sync = z.object({ changeId: z.string().nullable(), state: SyncState });

/** What an anonymous visitor gets from an application now. A state without a proof is `unknown`. */
export const Exposure = z.object({
  state: z.enum(["public", "protected", "closed", "unknown"]),
  intended: z.enum(["public", "protected", "closed"]),
  provedAt: Moment.nullable(),
  reason: z.string().optional(),
});
export type Exposure = z.infer<typeof Exposure>;
