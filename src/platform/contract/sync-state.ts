import { z } from "zod";
import { Moment } from "./page";

/** How far a change has come. `unchanged`: no gateway has to hear of it. */
export const SyncState = z.enum(["unchanged", "pending", "applied", "loaded", "enforced"]);
export type SyncState = z.infer<typeof SyncState>;

/** What an answer says of delivery; `changeId` can be given to `sync.wait`. */
export const Sync = z.object({ changeId: z.string().nullable(), state: SyncState });

/** What anyone on the internet gets from an application now. Not proven is `unknown`. */
export const Exposure = z.object({
  state: z.enum(["public", "protected", "closed", "unknown"]),
  intended: z.enum(["public", "protected", "closed"]),
  provedAt: Moment.nullable(),
  reason: z.string().optional(),
});
export type Exposure = z.infer<typeof Exposure>;
