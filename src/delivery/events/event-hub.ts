import type { Logger } from "pino";
import type { Database } from "#src/database/database";
import { Refusal } from "#src/platform/errors/refusal";
import type { Events, Follower } from "#src/platform/events";
import { Slots } from "#src/platform/fair-share";
import { Repeats } from "#src/platform/repeats";
import { Waker } from "#src/platform/signal";
import { type Pace, realPace } from "#src/platform/timer";
import type { Clock, RandomBytes } from "#src/platform/values";
import { watchCallers } from "./caller-watch";
import { EventLog, eventsBetween, type States } from "./channel";
import { readIndicators, readStates } from "./read-states";
import { Stream } from "./subscription";

/** How many streams may be open. */
export interface StreamBounds {
  /** For each API key or session. */
  readonly perCaller: number;
  readonly perOrganization: number;
  readonly total: number;
}

/** The defaults. */
export const usualStreamBounds: StreamBounds = { perCaller: 10, perOrganization: 200, total: 1_000 };

interface EventHubOptions {
  readonly database: Database;
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly bounds?: StreamBounds;
  readonly pace?: Pace;
  readonly timing?: Partial<StreamTiming>;
}

/** In ms. */
export interface StreamTiming {
  /** Between two looks at the database, if nothing wakes the hub. */
  readonly lookEvery: number;
  /** Between two looks at all states of an organization, whatever the first look says: time changes states, too. */
  readonly readEvery: number;
  /** Between two checks of the callers. */
  readonly checkEvery: number;
  /** Between two messages that keep an idle connection open. */
  readonly beatEvery: number;
  /** How long an organization is watched after its last stream has ended, so that a stream can resume. */
  readonly keepFor: number;
}

const usualTiming: StreamTiming = {
  lookEvery: 500,
  readEvery: 30_000,
  checkEvery: 400,
  beatEvery: 20_000,
  keepFor: 60_000,
};

/** After how long a refused caller may retry, in seconds. */
const retryAfter = 5;
/** Organizations in one look, and events that each of them keeps for streams that resume. */
const organizationsAtOnce = 100;
export const keptEvents = 400;
/** The shortest time between two looks, in ms, and the share of time that looks may take. */
const closest = 50;
const shares = { postgres: 0.25, embedded: 0.1 } as const;
const longestRest = 2_000;
const afterFailure = 1_000;

/** One organization with streams. */
interface Channel {
  readonly organizationId: string;
  readonly log: EventLog;
  readonly streams: Set<Stream>;
  states: States | null;
  indicator: string | null;
  readAt: number;
  emptySince: number | null;
  /** Resolves when the states were read for the first time. */
  readonly begun: Begun;
}

interface Begun {
  readonly promise: Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
}

/** Creates the hub that all streams of a process share. It does nothing while there is no stream. */
export function createEventHub(options: EventHubOptions): Events {
  const { database, log, clock, random } = options;
  const pace = options.pace ?? realPace;
  const bounds = options.bounds ?? usualStreamBounds;
  const timing = { ...usualTiming, ...options.timing };
  const ofCallers = new Slots({ total: bounds.total, perOwner: bounds.perCaller });
  const ofOrganizations = new Slots({ total: bounds.total, perOwner: bounds.perOrganization });
  const channels = new Map<string, Channel>();
  const waker = new Waker();
  const over = new AbortController();
  const watch = watchCallers({ database, log, clock, pace, everyMs: timing.checkEvery, over: over.signal });
  const repeats = new Repeats();
  let isLooking = false;
  let beatenAt = pace.now();

  function channelOf(organizationId: string): Channel {
    const known = channels.get(organizationId);
    if (known) return known;
    const channel: Channel = {
      organizationId,
      log: new EventLog(random(6).toString("hex"), keptEvents),
      streams: new Set(),
      states: null,
      indicator: null,
      readAt: Number.NEGATIVE_INFINITY,
      emptySince: null,
      begun: makeBegun(),
    };
    channels.set(organizationId, channel);
    return channel;
  }

  async function lookWhileAnyFollows(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    while (channels.size > 0 && !over.signal.aborted) {
      const began = pace.now();
      let rest = timing.lookEvery;
      try {
        await look();
        const took = pace.now() - began;
        rest = Math.min(longestRest, Math.max(closest, took / shares[database.kind] - took));
      } catch (error) {
        for (const channel of channels.values()) failed(channel, error);
        rest = afterFailure;
      }
      beat();
      forgetEmpty();
      await pace.sleep(rest, over.signal);
      await waker.wait(Math.max(1, timing.lookEvery - rest), pace, over.signal);
    }
    isLooking = false;
  }

  async function look(): Promise<void> {
    const all = [...channels.values()];
    for (let from = 0; from < all.length; from += organizationsAtOnce) {
      const some = all.slice(from, from + organizationsAtOnce);
      const ids = some.map(({ organizationId }) => organizationId);
      const indicators = await readIndicators(database, ids, clock.now());
      for (const channel of some) {
        const isDue = pace.now() - channel.readAt >= timing.readEvery;
        if (!isDue && indicators.get(channel.organizationId) === channel.indicator) continue;
        await read(channel).catch((error: unknown) => failed(channel, error));
      }
    }
  }

  async function read(channel: Channel): Promise<void> {
    const { organizationId, states: before, streams } = channel;
    const { states, entries, indicator } = await readStates(
      database,
      organizationId,
      before?.sequence ?? null,
      clock.now(),
    );
    channel.states = states;
    channel.indicator = indicator;
    channel.readAt = pace.now();
    repeats.over();
    if (before === null) return channel.begun.resolve();
    for (const message of channel.log.add(eventsBetween(before, states, entries))) {
      for (const stream of streams) stream.offer(message);
    }
  }

  /**
   * A stream that has not begun gets the error. The others continue when the states can be read again. An organization
   * whose states cannot be read does not stop the events of others.
   */
  function failed(channel: Channel, error: unknown): void {
    const silent = repeats.due("states", pace.now());
    if (silent !== null)
      log.warn({ err: error, silent }, "the states of an organization could not be read for its streams");
    channel.readAt = pace.now();
    if (channel.states !== null) return;
    channels.delete(channel.organizationId);
    channel.begun.reject(error);
  }

  function beat(): void {
    if (pace.now() - beatenAt < timing.beatEvery) return;
    beatenAt = pace.now();
    for (const { streams, log: events } of channels.values()) {
      for (const stream of streams) stream.beat(events.position);
    }
  }

  function forgetEmpty(): void {
    for (const channel of channels.values()) {
      if (channel.emptySince === null || pace.now() - channel.emptySince < timing.keepFor) continue;
      channels.delete(channel.organizationId);
    }
  }

  function enter({ owner: { caller, organizationId } }: Follower): () => void {
    if (over.signal.aborted) throw noSlot();
    const ofCaller = ofCallers.take(caller);
    if (typeof ofCaller === "string") throw ofCaller === "total" ? noSlot() : shareUsed("caller", bounds.perCaller);
    const ofOrganization = ofOrganizations.take(organizationId);
    if (typeof ofOrganization === "function") {
      return () => {
        ofCaller();
        ofOrganization();
      };
    }
    ofCaller();
    throw ofOrganization === "total" ? noSlot() : shareUsed("organization", bounds.perOrganization);
  }

  /** Adds a stream to a channel whose states are known, with what it missed. */
  function open(channel: Channel, follower: Follower, leave: () => void): Stream {
    const stop = () => stream.end();
    const stream: Stream = new Stream(follower, () => {
      leave();
      unwatch();
      follower.signal?.removeEventListener("abort", stop);
      channel.streams.delete(stream);
      if (channel.streams.size === 0) channel.emptySince = pace.now();
    });
    const unwatch = watch.add(follower, {
      changed: (seesOther) => {
        if (seesOther) stream.push({ kind: "event", position: channel.log.position, event: { kind: "reset" } });
      },
      ended: (reason) => stream.finish(reason),
    });
    follower.signal?.addEventListener("abort", stop, { once: true });
    channel.streams.add(stream);
    channel.emptySince = null;
    const missed = follower.after === null ? null : channel.log.after(follower.after);
    const { position } = channel.log;
    if (missed !== null) for (const message of missed) stream.offer(message);
    else if (follower.after === null) stream.push({ kind: "ready", position });
    else stream.push({ kind: "event", position, event: { kind: "reset" } });
    return stream;
  }

  return {
    async follow(follower) {
      const leave = enter(follower);
      try {
        const { organizationId } = follower.owner;
        const channel = channelOf(organizationId);
        if (channel.streams.size === 0) channel.emptySince = pace.now();
        void lookWhileAnyFollows();
        waker.ring();
        await channel.begun.promise;
        if (over.signal.aborted) throw noSlot();
        const stream = open(channel, follower, leave);
        if (follower.signal?.aborted) stream.end();
        return stream;
      } catch (error) {
        leave();
        throw error;
      }
    },
    wake() {
      if (channels.size > 0) waker.ring();
    },
    close() {
      over.abort();
      for (const channel of channels.values()) {
        channel.begun.reject(noSlot());
        for (const stream of channel.streams) stream.end();
      }
      channels.clear();
    },
    get held() {
      return ofCallers.total;
    },
  };
}

function makeBegun(): Begun {
  let resolve: () => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<void>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  promise.catch(() => undefined); // without a stream that waits for it, nothing handles its error
  return { promise, resolve, reject };
}

function shareUsed(owner: "caller" | "organization", most: number): Refusal {
  return new Refusal("too_many_streams", { limit: `streams:${owner}`, owner, most, retryAfter });
}

function noSlot(): Refusal {
  return new Refusal("stream_capacity_reached", { retryAfter });
}
