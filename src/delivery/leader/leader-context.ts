import type { Logger } from "pino";
import type { Database } from "../../database/database";
import type { Sealer } from "../../database/sealing";
import type { Pace } from "../../platform/timer";
import type { Clock } from "../../platform/values";
import type { Gateway } from "../planner/gateway";
import type { AtFaultPoint, Target } from "../protocol/target";
import type { Lease } from "./lease";

/** What a process has while it leads a gateway; a new term gets a new one. */
export interface LeaderContext {
  readonly lease: Lease;
  readonly gateway: Gateway;
  /** How deliveries reach the gateway in this term. */
  readonly target: Target;
  readonly database: Database;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly pace: Pace;
  readonly log: Logger;
  readonly at: AtFaultPoint;
  /** Called after something was delivered, loaded or proven, and recorded. */
  readonly onProgress?: (() => void) | undefined;
  /** Ends everything that the term started. */
  readonly over: AbortSignal;
}
