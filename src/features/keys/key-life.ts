import { Refusal } from "../../platform/errors/refusal";
import { earlier, isReached, later, readMoment, remainingMs } from "../../platform/moment";

/** In milliseconds. */
const day = 24 * 60 * 60 * 1000;

/** How long a key lives unless it is said: 90 days. */
const defaultLifeMs = 90 * day;

/** The latest that `MomentInput` takes. */
const latestMoment = readMoment("9999-12-31T23:59:59.999Z");

/** The latest moment at which a key made now may end. */
export function latestEnd(now: Date, maxKeyDays: number | null): Date {
  return maxKeyDays === null ? latestMoment : earlier(latestMoment, later(now, maxKeyDays * day));
}

/**
 * When a new key ends.
 * @param asked as the input says it, ISO 8601
 * @param latest it may not live longer than this
 * @throws Refusal `expires_in_the_past` | `expires_too_late`
 */
export function endOfKey(asked: string | undefined, now: Date, latest: Date): Date {
  if (asked === undefined) return earlier(latest, later(now, defaultLifeMs));
  const end = readMoment(asked);
  if (isReached(end, now)) {
    throw new Refusal("expires_in_the_past", { expiresAt: asked });
  }
  if (!isReached(end, latest)) {
    throw new Refusal("expires_too_late", { expiresAt: asked, latest: latest.toISOString() });
  }
  return end;
}

/** The end of the key that takes another one's place: it lives as long as that one was to, from now on. */
export function endOfSuccessor(
  { createdAt, expiresAt }: { readonly createdAt: Date; readonly expiresAt: Date | null },
  now: Date,
  maxKeyDays: number | null,
): Date | null {
  if (expiresAt === null) return maxKeyDays === null ? null : latestEnd(now, maxKeyDays);
  return earlier(latestEnd(now, maxKeyDays), later(now, remainingMs(expiresAt, createdAt)));
}
