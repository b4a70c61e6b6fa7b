import type { Logger } from "pino";
import type { Database } from "../../database/database";
import type { Sealer } from "../../database/sealing";
import type { Pace } from "../../platform/timer";
import type { Clock, RandomBytes } from "../../platform/values";
import type { Places } from "../applier/gateway-folder";
import type { Gateway } from "../protocol/gateway";
import type { AtFaultPoint, Target } from "../protocol/target";
import type { Lease } from "./lease";

/** What a process has while it leads a gateway; a new term gets a new one. */
export interface Leading {
  readonly lease: Lease;
  readonly gateway: Gateway;
  readonly target: Target;
  readonly places: Places;
  readonly nonce: string;
  readonly database: Database;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly pace: Pace;
  readonly random: RandomBytes;
  readonly log: Logger;
  readonly at: AtFaultPoint;
  /** Told that something was delivered, loaded or proven, and recorded. */
  readonly onProgress?: (() => void) | undefined;
  /** Ends everything that the term started. */
  readonly over: AbortSignal;
}
