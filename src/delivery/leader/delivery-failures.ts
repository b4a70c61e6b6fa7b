import { LeaseLost } from "#src/database/as-sync";
import { backoff } from "#src/platform/backoff";
import { Repeats } from "#src/platform/repeats";
import { isFolderGone } from "../applier/file-operations";
import { isOfFolder, type Why, whyOf } from "./cause-of";
import type { Work } from "./delivery-schedule";
import type { LeaderContext } from "./leader-context";
import { clearCause, recordCause } from "./lease";

const retries = { firstMs: 200, mostMs: 5_000 };

/** Handles failed deliveries of one term: logs them, records the cause, and delays the retry. */
export class DeliveryFailures {
  /** The last delivery failed, and parts of it may be recorded. */
  isDoubtful = false;
  #count = 0;
  // The database may hold the cause of an earlier term, or of a process that could not lead.
  #hasStoredCause = true;
  readonly #repeats = new Repeats();

  constructor(
    private readonly leader: LeaderContext,
    /** Reports what prevents deliveries from being written to the gateway's folder; null after a successful write. */
    private readonly onFolder: (why: Why | null) => void,
  ) {}

  /** A delivery was recorded, which also cleared the cause. */
  over(): void {
    this.#count = 0;
    this.#hasStoredCause = false;
    this.#repeats.over();
    this.onFolder(null);
  }

  /** Clears the cause, because nothing is pending. @throws LeaseLost */
  async clearCause(): Promise<void> {
    if (this.#hasStoredCause) await clearCause(this.leader.database, this.leader.lease);
    this.#hasStoredCause = false;
  }

  /**
   * Reports why a delivery failed, and waits before the retry.
   * @returns whether this term may retry
   * @throws LeaseLost
   */
  async handle(error: unknown, work: Work | null): Promise<boolean> {
    const { pace, over } = this.leader;
    if (work?.backlog.closes) this.#logRevocation(error, work);
    this.#count++;
    this.isDoubtful = true;
    this.#hasStoredCause = true;
    await this.#reportCause(error);
    await pace.sleep(backoff(this.#count, retries), over);
    // The next term creates missing folders and compares everything. This term may have been fenced.
    return !isFolderGone(error);
  }

  #logRevocation(error: unknown, { backlog }: Work): void {
    const { log, pace, gateway } = this.leader;
    const applications = [...backlog.applications].filter(([, { closes }]) => closes).map(([id]) => id);
    const named = applications.slice(0, 50);
    // The same revocations are logged at growing intervals, others at once.
    const silent = this.#repeats.due(`revocation ${named}`, pace.now());
    if (silent === null) return;
    log.error(
      { gatewayId: gateway.gatewayId, err: error, applications: named, silent },
      "revocation not delivered: what was removed or narrowed is still in force at the gateway",
    );
  }

  async #reportCause(error: unknown): Promise<void> {
    const { database, lease, clock, log, pace } = this.leader;
    const why = whyOf(error);
    const { cause } = why;
    if (isOfFolder(cause)) this.onFolder(why);
    const silent = this.#repeats.due(cause, pace.now());
    if (silent !== null) {
      log.warn({ gatewayId: lease.gatewayId, err: error, cause, silent }, "a delivery failed and will be retried");
    }
    try {
      await recordCause(database, lease, cause, clock.now());
    } catch (failure) {
      if (failure instanceof LeaseLost) throw failure;
      if (this.#repeats.due("not recorded", pace.now()) !== null) {
        log.warn({ gatewayId: lease.gatewayId, err: failure }, "the cause of a failed delivery could not be recorded");
      }
    }
  }
}
