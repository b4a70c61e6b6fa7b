import type { Logger } from "pino";
import type { Clock, RandomBytes } from "../core/values";
import type { Database } from "../persistence/database";
import type { Sealer } from "../persistence/sealing";
import type { Lease } from "../persistence/sync/lease";
import type { Gateway } from "./gateway";
import type { Places } from "./gateway-folder";
import type { Pace } from "./pace";
import type { AtFaultPoint, Target } from "./target";

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
