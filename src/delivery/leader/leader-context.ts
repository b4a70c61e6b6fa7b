import type { Logger } from "pino";
import type { Database } from "#src/database/database";
import type { Sealer } from "#src/database/sealing";
import type { Pace } from "#src/platform/timer";
import type { Clock } from "#src/platform/values";
import type { Gateway } from "../planner/gateway";
import type { FaultPointHook, Target } from "../protocol/target";
import type { Lease } from "./lease";

/** What a process holds while it leads a gateway. Each term has a new context. */
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
  readonly faultPoint: FaultPointHook;
  /** Called after a delivery, load or proof was recorded. */
  readonly onProgress?: (() => void) | undefined;
  /** Called after an alarm was recorded: a visitor was let in where the gateway should refuse. */
  readonly onAlarm?: (() => void) | undefined;
  /** Aborts everything that the term started. */
  readonly over: AbortSignal;
}
