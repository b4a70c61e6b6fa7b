import { type AnyDefinition, fixed, worded } from "../reason";

/** What comes too often, and what the process or the database cannot do now. */
export const capacityReasons = {
  // What comes too often.
  rate_limited: worded(
    "tooMany",
    ({ retryAfter }: Limited) => `Too many attempts. Try again in ${seconds(retryAfter)}.`,
    { limit: "sign-in:ip", retryAfter: 42 },
  ),
  key_rate_limited: worded(
    "tooMany",
    ({ perMinute, retryAfter }: Limited & { perMinute: number }) =>
      `This API key may send ${perMinute} requests a minute. Try again in ${seconds(retryAfter)}.`,
    { limit: "key:minute", perMinute: 60, retryAfter: 12 },
  ),
  too_many_waits: worded(
    "tooMany",
    ({ owner, most, retryAfter }: Limited & { owner: "caller" | "organization"; most: number }) =>
      `${owner === "caller" ? "This API key or session" : "Your organization"} already has ${most} calls of sync.wait in progress, which is the limit. Try again when one of them has ended, at the earliest in ${seconds(retryAfter)}.`,
    { limit: "waits:caller", owner: "caller", most: 20, retryAfter: 2 },
  ),
  too_many_streams: worded(
    "tooMany",
    ({ owner, most, retryAfter }: Limited & { owner: "caller" | "organization"; most: number }) =>
      `${owner === "caller" ? "This API key or session" : "Your organization"} already follows events in ${most} streams, which is the limit. Close one of them, and try again in ${seconds(retryAfter)}.`,
    { limit: "streams:caller", owner: "caller", most: 10, retryAfter: 5 },
  ),

  // What the process or the database cannot do now.
  busy: worded(
    "unavailable",
    ({ work, retryAfter }: { work: BusyWork; retryAfter: number }) =>
      `There are too many ${work} at once. Try again in ${seconds(retryAfter)}.`,
    { work: "sign-ins", retryAfter: 2 },
  ),
  overloaded: worded(
    "unavailable",
    ({ what, bound }: { what: OverloadedWith; bound: "total" | "perOwner" }) =>
      `${bound === "total" ? "This process has" : "You have"} as many ${what} as there may be at once. Try again in a second.`,
    { what: "active requests", bound: "total" },
  ),
  wait_capacity_reached: worded(
    "unavailable",
    ({ retryAfter }: { retryAfter: number }) =>
      `This process cannot take more calls of sync.wait now. Try again in ${seconds(retryAfter)}, or ask with timeoutMs 0.`,
    { retryAfter: 2 },
  ),
  stream_capacity_reached: worded(
    "unavailable",
    ({ retryAfter }: { retryAfter: number }) =>
      `This process cannot take more streams of events now. Try again in ${seconds(retryAfter)}.`,
    { retryAfter: 5 },
  ),
  database_unavailable: fixed("unavailable", "The database does not answer. Try again in a moment."),
  starting: fixed("unavailable", "The control plane is still starting. Try again in a moment."),
} satisfies Readonly<Record<string, AnyDefinition>>;

/** The parameters of a rate limit. */
export interface Limited {
  /** The name of the limit: `sign-in:ip`. */
  readonly limit: string;
  /** The number of seconds before the next attempt is accepted. */
  readonly retryAfter: number;
}

/** The work that waits in a full queue. */
export type BusyWork =
  | "sign-ins"
  | "passwords to hash"
  | "of your passwords to hash"
  | "host names to check"
  | "upstreams to check"
  | "changes of the same objects";

/** The resources that a process limits. */
export type OverloadedWith =
  | "active requests"
  | "connections"
  | "exports that are being sent"
  | "pages that are being sent"
  | "request bodies in memory";

function seconds(count: number): string {
  return count === 1 ? "1 second" : `${count} seconds`;
}
