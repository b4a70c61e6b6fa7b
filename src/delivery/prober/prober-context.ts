import type { Logger } from "pino";
import type { Pace } from "#src/platform/timer";
import type { Clock, RandomBytes } from "#src/platform/values";
import type { ProberReports, WatchedGateway } from "../protocol/prober";
import type { GatewayClient } from "./gateway-client";

/** What a prober holds for one term of the gateway's leader. */
export interface ProberContext {
  readonly gateway: WatchedGateway;
  readonly reports: ProberReports;
  readonly client: GatewayClient;
  readonly clock: Clock;
  readonly pace: Pace;
  readonly random: RandomBytes;
  readonly log: Logger;
  /** Aborts everything that the prober started. */
  readonly over: AbortSignal;
}
