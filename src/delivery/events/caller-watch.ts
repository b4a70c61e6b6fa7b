import { sql } from "drizzle-orm";
import type { Logger } from "pino";
import type { Database } from "#src/database/database";
import { Refusal } from "#src/platform/errors/refusal";
import type { Follower } from "#src/platform/events";
import { Repeats } from "#src/platform/repeats";
import type { Pace } from "#src/platform/timer";
import type { Clock } from "#src/platform/values";

interface Watching {
  readonly database: Database;
  readonly log: Logger;
  readonly clock: Clock;
  readonly pace: Pace;
  readonly everyMs: number;
  readonly over: AbortSignal;
}

/** What happens to a caller who is watched. */
interface Listener {
  /** Something about the caller changed, and the caller may still follow. @param seesOther other events than before */
  changed(seesOther: boolean): void;
  /** The caller may not follow any more. */
  ended(reason: string): void;
}

interface Watched extends Listener {
  readonly follower: Follower;
  /** What decided about the caller at the last look; undefined before the first. */
  state: string | null | undefined;
}

export interface CallerWatch {
  /** @returns a function that ends the watch */
  add(follower: Follower, listener: Listener): () => void;
}

/** Callers in one statement. On the embedded database, nothing else runs during it. */
const callersAtOnce = { postgres: 200, embedded: 50 } as const;
const afterFailure = 1_000;

/**
 * Watches whether callers may still follow. One statement reads for many callers what decides about them. Only if that
 * has changed, the caller is authorized again.
 */
export function watchCallers({ database, log, clock, pace, everyMs, over }: Watching): CallerWatch {
  const watched = new Set<Watched>();
  const repeats = new Repeats();
  let isRunning = false;

  async function run(): Promise<void> {
    if (isRunning) return;
    isRunning = true;
    while (watched.size > 0 && !over.aborted) {
      let rest = everyMs;
      try {
        await checkAll();
        repeats.over();
      } catch (error) {
        const silent = repeats.due("callers", pace.now());
        if (silent !== null) log.warn({ err: error, silent }, "the callers of streams could not be checked");
        rest = afterFailure;
      }
      await pace.sleep(rest, over);
    }
    isRunning = false;
  }

  async function checkAll(): Promise<void> {
    const groups = new Map<string, Watched[]>();
    for (const one of watched) {
      const key = JSON.stringify(one.follower.presents);
      groups.set(key, [...(groups.get(key) ?? []), one]);
    }
    const all = [...groups.values()];
    const most = callersAtOnce[database.kind];
    for (let from = 0; from < all.length && !over.aborted; from += most) await check(all.slice(from, from + most));
  }

  async function check(groups: readonly (readonly Watched[])[]): Promise<void> {
    const callers = groups.map(([first], number) => ({ number, ...first?.follower.presents }));
    const rows = await database.call<{ number: number; state: string | null }>(
      sql`select number, state from portcullis_callers_now(${JSON.stringify(callers)}::text::jsonb,
        ${clock.now().toISOString()}::timestamptz)`,
    );
    for (const { number, state } of rows) {
      for (const one of groups[number] ?? []) if (one.state !== state) await renew(one, state);
    }
  }

  async function renew(one: Watched, state: string | null): Promise<void> {
    try {
      const seesOther = await one.follower.renew();
      one.state = state;
      one.changed(seesOther);
    } catch (error) {
      // Without an answer of the database, the next check asks again.
      if (error instanceof Refusal && error.kind !== "unavailable") one.ended(error.reason);
    }
  }

  return {
    add(follower, listener) {
      const one: Watched = { follower, ...listener, state: undefined };
      watched.add(one);
      void run();
      return () => void watched.delete(one);
    },
  };
}
