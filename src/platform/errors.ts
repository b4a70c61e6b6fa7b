/**
 * Everything that a verb can refuse, as a small closed set. `reason` is stable and machine-readable; `message` is for a
 * person and never holds a secret, a hash, SQL or a tenant's text. One map turns them into answers (`api/errors.ts`).
 */
export abstract class Refusal extends Error {
  abstract readonly kind: RefusalKind;
  constructor(
    readonly reason: string,
    message: string,
    /** Which inputs are concerned, by path, with a stable word each. */
    readonly fields?: Readonly<Record<string, string>>,
  ) {
    super(message);
    this.name = new.target.name;
  }
}

export type RefusalKind =
  | "unauthenticated"
  | "forbidden"
  | "notFound"
  | "conflict"
  | "invalid"
  | "tooMany"
  | "unavailable";

/** Nobody we know: 401. */
export class Unauthenticated extends Refusal {
  readonly kind = "unauthenticated";
}

/** Known, but may not: 403. */
export class Forbidden extends Refusal {
  readonly kind = "forbidden";
}

/** No such object in the caller's organization; the same answer whether it exists elsewhere or not: 404. */
export class NotFound extends Refusal {
  readonly kind = "notFound";
  constructor() {
    super("not_found", "There is no such object in your organization.");
  }
}

/** The present state does not allow it: 409. */
export class Conflict extends Refusal {
  readonly kind = "conflict";
}

/** The input is wrong in a way that its schema cannot say: 400. */
export class Invalid extends Refusal {
  readonly kind = "invalid";
}

/** Too often: 429. */
export class TooMany extends Refusal {
  readonly kind = "tooMany";
  constructor(
    /** Which limit it was. */
    readonly limit: string,
    /** In how many seconds the next try is taken. */
    readonly retryAfter: number,
    reason = "rate_limited",
    message = `Too many tries. Try again in ${retryAfter} seconds.`,
  ) {
    super(reason, message);
  }
}

/** A dependency does not answer, or a bound of this process is reached: 503 with `Retry-After`. */
export class Unavailable extends Refusal {
  readonly kind = "unavailable";
  constructor(
    reason: string,
    message: string,
    /** Seconds after which a retry makes sense. */
    readonly retryAfter = 1,
  ) {
    super(reason, message);
  }
}

/** Seconds for the header `Retry-After` of the answer to this refusal, or null where it has none. */
export function retryAfterOf(refusal: unknown): number | null {
  return refusal instanceof TooMany || refusal instanceof Unavailable ? refusal.retryAfter : null;
}
