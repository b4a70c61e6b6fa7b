import type { Effect } from "#src/traefik/compiler/order-batch";
import type { ProofTask } from "./probe";

/** One file of a delivery. */
export interface PlannedFile {
  readonly name: string;
  /** Null removes the file. */
  readonly text: string | null;
  /** SHA-256, hex; null for a removal. */
  readonly digest: string | null;
  readonly effect: Effect;
}

/** The number of a delivery, as the marker states it: `<epoch>.<revision>.<digest>`. */
export interface DeliveryNumber {
  readonly epoch: string;
  readonly revision: number;
  /** Covers the files of this delivery, and the digest of the last delivery that was recorded as applied. */
  readonly digest: string;
}

/** An application of a delivery, in the form that the prober needs once the delivery is loaded. */
export interface DeliveredApplication extends ProofTask {
  /** The change of its file does more than open. */
  readonly closes: boolean;
}

/** One numbered delivery: everything that the side at the gateway needs to apply and prove it. */
export interface Bundle extends DeliveryNumber {
  readonly gatewayId: string;
  /** The term of the lease under which it was created. */
  readonly term: number;
  /** The digest of the last delivery that was recorded as applied; `""` at the start of an epoch. */
  readonly previous: string;
  readonly files: readonly PlannedFile[];
  /** The text of the marker file. */
  readonly marker: string;
  readonly probes: readonly DeliveredApplication[];
}
