import type { Applier } from "./applier";
import type { Prober, ProberReports, WatchedGateway } from "./prober";

/**
 * How a leader reaches the side at a gateway: the applier, which has its folder, and the prober. Both run either in the
 * leader's own process, or in another process that exchanges messages with it.
 */
export interface GatewayConnection {
  readonly applier: Applier;
  /** @param over ends the prober, together with the leader's term */
  watch(gateway: WatchedGateway, reports: ProberReports, over: AbortSignal): Prober;
  /** Stops all requests. */
  close(): void;
}
