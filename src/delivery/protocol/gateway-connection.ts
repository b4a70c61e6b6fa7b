import type { Applier } from "./applier";
import type { Prober, ProberReports, WatchedGateway } from "./prober";

/**
 * How a leader reaches the side that stands at a gateway: the applier has its folder, and the prober asks it. Both may
 * live in the leader's own process, or in another one that is reached by messages.
 */
export interface GatewayConnection {
  readonly applier: Applier;
  /** @param over ends the prober, with the term of the leader */
  watch(gateway: WatchedGateway, reports: ProberReports, over: AbortSignal): Prober;
  /** Nothing is asked any more. */
  close(): void;
}
