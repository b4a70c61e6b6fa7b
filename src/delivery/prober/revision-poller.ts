import { Repeats } from "../../platform/repeats";
import { Waker } from "../../platform/signal";
import { causeOf } from "../cause-of";
import type { Leading } from "../leader/leader-context";
import { recordUnproven, recordWentBack } from "../leader/proofs";
import { findDelivery, type NumberedDelivery, recordLoaded } from "../planner/record-delivery";
import type { GatewayClient } from "./gateway-client";
import { servedDelivery } from "./served-delivery";

/** How often the gateway is asked which delivery it serves, in ms. */
const polls = {
  /** After a marker, for `eagerFor`. */
  eager: 15,
  eagerFor: 5_000,
  /** While it does not answer, or does not load what it should. */
  waiting: 250,
  /** While it serves the newest. */
  settled: 2_000,
};
/** After how long without the newest delivery it is said of the applications, in ms. */
const overdueAfter = { silent: 1_000, frozen: 10_000 };

/** What a load is taken to last at most, in ms: a gateway that was frozen for longer must not hold back what comes next. */
const longestLoadMs = 10_000;

interface Marker {
  readonly delivery: NumberedDelivery;
  readonly at: number;
  /** What it delivered is in the database. */
  isRecorded: boolean;
  /** When the gateway was first seen to serve it. */
  seenAt: Date | null;
}

/** Asks the gateway, through its data plane, which delivery it serves. */
export class Observer {
  /** The newest delivery that the gateway was seen to serve; null before its first answer. */
  loaded: number | null = null;
  /** The last measured time from a marker to its being loaded, in ms; 0 while none was measured. */
  loadMs = 0;
  readonly #waker = new Waker();
  readonly #markers = new Map<number, Marker>();
  #newest: Marker | null = null;
  #unlike: { readonly why: string; readonly since: number } | null = null;
  #said = "";
  /** Every delivery to a gateway that is down would write a line of its own. */
  readonly #unserved = new Repeats();
  /** When the gateway last gave no answer of ours. */
  #awayAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly leading: Leading,
    private readonly client: GatewayClient,
    private readonly epoch: string,
    /** What the database says was loaded before this term. */
    private stored: number,
    /** Another delivery is loaded than before; `wentBack`: an older one, so that what was proven has to be seen again. */
    private readonly onLoaded: (wentBack: boolean) => Promise<void>,
  ) {}

  /**
   * A marker was written: it is to be seen soon. How long it takes to load is measured from now on, also while the
   * delivery is still being recorded; that it is loaded is said after that.
   */
  expect(delivery: NumberedDelivery, at: number): void {
    this.#newest = { delivery, at, isRecorded: false, seenAt: null };
    this.#markers.set(delivery.revision, this.#newest);
    this.#waker.ring();
  }

  /** What was delivered with this revision is in the database. */
  recorded(revision: number): void {
    const marker = this.#markers.get(revision);
    if (marker) marker.isRecorded = true;
    this.#waker.ring();
  }

  /** A delivery failed after its marker was written: it is told by the database alone whether it is one of ours. */
  forgetUnrecorded(): void {
    for (const [revision, { isRecorded }] of this.#markers) if (!isRecorded) this.#markers.delete(revision);
    this.#newest = [...this.#markers.values()].at(-1) ?? null;
  }

  async run(): Promise<void> {
    const { pace, over, log } = this.leading;
    const repeats = new Repeats();
    while (!over.aborted) {
      try {
        await this.#ask();
        repeats.over();
      } catch (error) {
        if (over.aborted) return;
        const silent = repeats.due(causeOf(error), pace.now());
        if (silent !== null) log.warn({ err: error, silent }, "what the gateway serves could not be recorded");
        await pace.sleep(polls.waiting, over);
      }
      await this.#waker.wait(this.#interval(), pace, over);
    }
  }

  #interval(): number {
    const newest = this.#newest;
    if (newest === null) return this.loaded === null ? polls.waiting : polls.settled;
    if (this.loaded === newest.delivery.revision || newest.seenAt !== null) return polls.settled;
    return this.leading.pace.now() - newest.at < polls.eagerFor ? polls.eager : polls.waiting;
  }

  async #ask(): Promise<void> {
    const { gateway, pace, over } = this.leading;
    const answer = await this.client.ask(gateway.probeAddress, gateway.secretHost, "/");
    if (over.aborted) return;
    const now = pace.now();
    if (answer === null) {
      this.#awayAt = now;
      return this.#missing("gateway_does_not_answer", overdueAfter.silent, now);
    }
    const served = servedDelivery(answer.revision);
    if (served === null || !(await this.#isOurs(served))) {
      this.#awayAt = now;
      return this.#missing("gateway_does_not_load", overdueAfter.frozen, now);
    }
    const marker = this.#markers.get(served.revision);
    if (marker) this.#measure(marker, now);
    if (marker && !marker.isRecorded) return;
    if (served.revision !== this.loaded) await this.#changed(served.revision);
    if (this.#newest !== null && served.revision < this.#newest.delivery.revision) {
      return this.#missing("gateway_does_not_load", overdueAfter.frozen, Math.max(now, this.#newest.at));
    }
    this.#unlike = null;
    this.#said = "";
    this.#unserved.over();
  }

  async #isOurs(served: NumberedDelivery): Promise<boolean> {
    if (served.epoch !== this.epoch) return false;
    const marker = this.#markers.get(served.revision);
    if (marker) return marker.delivery.digest === served.digest;
    if (served.revision === this.loaded) return true;
    return findDelivery(this.leading.database, this.leading.gateway.gatewayId, served);
  }

  #measure(marker: Marker, now: number): void {
    if (marker.seenAt !== null) return;
    marker.seenAt = this.leading.clock.now();
    // How long a gateway was down, or served something else, says nothing of how long it takes to load.
    if (marker === this.#newest && this.#awayAt < marker.at) {
      this.loadMs = Math.min(now - marker.at, longestLoadMs);
    }
  }

  async #changed(revision: number): Promise<void> {
    const { database, lease, clock, log } = this.leading;
    const seenAt = this.#markers.get(revision)?.seenAt ?? clock.now();
    const before = this.loaded ?? this.stored;
    // First what must not be claimed any more: whoever takes over in between finds the same again.
    if (revision < before) {
      log.error({ gatewayId: lease.gatewayId, before, revision }, "the gateway serves an older delivery than before");
      await recordWentBack(database, lease, revision);
    }
    if (revision !== this.stored) await recordLoaded(database, lease, revision, seenAt);
    this.loaded = revision;
    this.stored = revision;
    for (const known of this.#markers.keys()) if (known < revision) this.#markers.delete(known);
    await this.onLoaded(revision < before);
  }

  /** The newest delivery is not served. After a while the applications that wait for it say why. */
  async #missing(why: string, after: number, now: number): Promise<void> {
    if (this.#unlike?.why !== why) this.#unlike = { why, since: now };
    if (now - this.#unlike.since < after) return;
    const saying = `${why} ${this.#newest?.delivery.revision ?? 0}`;
    if (this.#said === saying) return;
    const { database, lease, log } = this.leading;
    const silent = this.#unserved.due(why, now);
    if (silent !== null) {
      log.warn({ gatewayId: lease.gatewayId, why, silent }, "the gateway does not serve the newest delivery");
    }
    await recordUnproven(database, lease, why === "gateway_does_not_answer" ? -1 : (this.loaded ?? -1), why);
    this.#said = saying;
  }
}
