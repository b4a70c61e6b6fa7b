import type { GatewayCondition } from "#src/platform/contract/sync-state";
import { Repeats } from "#src/platform/repeats";
import { Waker } from "#src/platform/signal";
import type { DeliveryNumber } from "../protocol/bundle";
import type { MissingReason } from "../protocol/prober";
import { servedDelivery } from "../protocol/served-delivery";
import type { ProberContext } from "./prober-context";

/** How often the poller requests the delivery that the gateway serves, in ms. */
const polls = {
  /** After a marker, for the duration of `eagerFor`. */
  eager: 15,
  eagerFor: 5_000,
  /** While it does not answer, or does not load the newest delivery. */
  waiting: 250,
  /** While it serves the newest delivery. */
  settled: 2_000,
};
/** After how long without the newest delivery the applications are marked as unproven, in ms. */
const overdueAfter = { silent: 1_000, frozen: 10_000 };

/**
 * The assumed maximum duration of a load, in ms: a gateway that was frozen for longer must not delay the next delivery.
 */
const longestLoadMs = 10_000;

interface Marker {
  readonly delivery: DeliveryNumber;
  readonly at: number;
  /** The database has a record of its applications. */
  isRecorded: boolean;
  /** When the gateway was first seen to serve it. */
  seenAt: Date | null;
}

/** Asks the gateway, through its data plane, which delivery it serves. */
export class RevisionPoller {
  /** The newest delivery that the gateway was seen to serve; null before its first response. */
  loaded: number | null = null;
  readonly #waker = new Waker();
  readonly #markers = new Map<number, Marker>();
  #newest: Marker | null = null;
  #unlike: { readonly why: MissingReason; readonly since: number } | null = null;
  #said = "";
  #condition: GatewayCondition | null = null;
  /** Limits the log: otherwise every delivery to an unavailable gateway would write a line. */
  readonly #unserved = new Repeats();
  /** When the gateway last failed to give a valid answer. */
  #awayAt = Number.NEGATIVE_INFINITY;

  /** The revision that the database records as loaded. */
  #stored: number;

  constructor(
    private readonly context: ProberContext,
    /**
     * The gateway loaded a different delivery. `wentBack` means an older one, so that earlier proofs have to be
     * repeated.
     */
    private readonly onLoaded: (wentBack: boolean) => Promise<void>,
  ) {
    this.#stored = context.gateway.loadedRevision;
  }

  /**
   * A marker was written and should be served soon. The load time is measured from now on, even while the delivery is
   * still being recorded. The load is reported only after that.
   */
  expect(delivery: DeliveryNumber, at: number): void {
    this.#newest = { delivery, at, isRecorded: false, seenAt: null };
    this.#markers.set(delivery.revision, this.#newest);
    this.#waker.ring();
  }

  /** The delivery with this revision is recorded in the database. */
  recorded(revision: number): void {
    const marker = this.#markers.get(revision);
    if (marker) marker.isRecorded = true;
    this.#waker.ring();
  }

  /** A delivery failed after its marker was written. Only the database can say whether the installation knows it. */
  forgetUnrecorded(): void {
    for (const [revision, { isRecorded }] of this.#markers) if (!isRecorded) this.#markers.delete(revision);
    this.#newest = [...this.#markers.values()].at(-1) ?? null;
  }

  async run(): Promise<void> {
    const { pace, over, log } = this.context;
    const repeats = new Repeats();
    while (!over.aborted) {
      try {
        await this.#poll();
        repeats.over();
      } catch (error) {
        if (over.aborted) return;
        const silent = repeats.due("report", pace.now());
        if (silent !== null)
          log.warn({ err: error, silent }, "the revision that the gateway serves could not be recorded");
        await pace.sleep(polls.waiting, over);
      }
      await this.#waker.wait(this.#interval(), pace, over);
    }
  }

  #interval(): number {
    const newest = this.#newest;
    if (newest === null) return this.loaded === null ? polls.waiting : polls.settled;
    if (this.loaded === newest.delivery.revision || newest.seenAt !== null) return polls.settled;
    return this.context.pace.now() - newest.at < polls.eagerFor ? polls.eager : polls.waiting;
  }

  async #poll(): Promise<void> {
    const { client, gateway, pace, over } = this.context;
    const response = await client.request(gateway.probeAddress, gateway.secretHost, "/");
    if (over.aborted) return;
    const now = pace.now();
    if (response === null) {
      this.#awayAt = now;
      return this.#missing("not_running", overdueAfter.silent, now);
    }
    const served = servedDelivery(response.revision);
    if (served === null || !(await this.#isOurs(served))) {
      this.#awayAt = now;
      // A revision of another epoch or installation: the gateway has loaded files, but not those of its folder today.
      return this.#missing(served === null ? "cannot_read" : "does_not_watch", overdueAfter.frozen, now);
    }
    const marker = this.#markers.get(served.revision);
    if (marker) this.#measure(marker, now);
    if (marker && !marker.isRecorded) return;
    if (served.revision !== this.loaded) await this.#changed(served.revision);
    if (this.#newest !== null && served.revision < this.#newest.delivery.revision) {
      return this.#missing("does_not_watch", overdueAfter.frozen, Math.max(now, this.#newest.at));
    }
    await this.#observed("serving");
    this.#unlike = null;
    this.#said = "";
    this.#unserved.over();
  }

  async #isOurs(served: DeliveryNumber): Promise<boolean> {
    if (served.epoch !== this.context.gateway.epoch) return false;
    const marker = this.#markers.get(served.revision);
    if (marker) return marker.delivery.digest === served.digest;
    if (served.revision === this.loaded) return true;
    return this.context.reports.isKnown(served);
  }

  #measure(marker: Marker, now: number): void {
    if (marker.seenAt !== null) return;
    marker.seenAt = this.context.clock.now();
    // The time for which a gateway was down, or served something else, does not count as load time.
    if (marker === this.#newest && this.#awayAt < marker.at) {
      this.context.reports.measured(Math.min(now - marker.at, longestLoadMs));
    }
  }

  async #changed(revision: number): Promise<void> {
    const { reports, clock, log, gateway } = this.context;
    const seenAt = (this.#markers.get(revision)?.seenAt ?? clock.now()).toISOString();
    const before = this.loaded ?? this.#stored;
    if (revision < before) {
      log.error({ gatewayId: gateway.gatewayId, before, revision }, "the gateway serves an older delivery than before");
    }
    await reports.loaded({ revision, before, isNews: revision !== this.#stored, seenAt });
    this.loaded = revision;
    this.#stored = revision;
    for (const known of this.#markers.keys()) if (known < revision) this.#markers.delete(known);
    await this.onLoaded(revision < before);
  }

  /** The newest delivery is not served. After a while, the applications that wait for it are marked with the reason. */
  async #missing(condition: Exclude<GatewayCondition, "serving">, after: number, now: number): Promise<void> {
    const why: MissingReason = condition === "not_running" ? "gateway_does_not_answer" : "gateway_does_not_load";
    if (this.#unlike?.why !== why) this.#unlike = { why, since: now };
    if (now - this.#unlike.since < after) return;
    await this.#observed(condition);
    const saying = `${why} ${this.#newest?.delivery.revision ?? 0}`;
    if (this.#said === saying) return;
    const { reports, gateway, log } = this.context;
    const silent = this.#unserved.due(why, now);
    if (silent !== null) {
      log.warn({ gatewayId: gateway.gatewayId, why, silent }, "the gateway does not serve the newest delivery");
    }
    await reports.missing({ why, above: why === "gateway_does_not_answer" ? -1 : (this.loaded ?? -1) });
    this.#said = saying;
  }

  async #observed(condition: GatewayCondition): Promise<void> {
    if (this.#condition === condition) return;
    await this.context.reports.condition(condition);
    this.#condition = condition;
  }
}
