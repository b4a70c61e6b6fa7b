import { z } from "zod";

/** An id in an input: the characters of ids, 100 at most. A lookup decides whether the object exists. */
export const IdInput = z.string().regex(/^[\w-]{1,100}$/);

/** A name for people: 1–100 characters, not only white space, no control characters. */
export const Name = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .refine((name) => !/\p{Cc}|\p{Cs}/u.test(name), { error: "control_character" });

/** Where a list continues, and the maximum number of items. Newest first. */
export const pageFields = {
  cursor: IdInput.optional(),
  limit: z.number().int().min(1).max(200).default(50),
};

/**
 * The version of an object: it changes whenever something changes that an update can change. A later version is
 * greater.
 */
export const Version = z.number().int();

/** The digest of the preview that the caller has seen. */
export const Confirm = z.string().regex(/^[\w-]{43}$/);

/** Text that a list or a search looks for, in any case. `%` and `_` are letters like others. */
export const SearchText = z
  .string()
  .trim()
  .min(1)
  .max(255)
  .refine((text) => !/\p{Cc}|\p{Cs}/u.test(text), { error: "control_character" });

export interface PageInput {
  readonly cursor?: string | undefined;
  readonly limit: number;
}

/** One page of a list; `nextCursor` is null on the last one. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });

/** How OpenAPI shows a secret. */
export const secretMark = "x-secret";

/**
 * A secret in a response: a password, a key, a token, or a link that contains one. A response that has a field of this
 * kind is not compressed.
 */
export const Secret = z.string().meta({ [secretMark]: true });

/** A time in a response: ISO 8601, UTC, milliseconds. */
export const Moment = z.iso.datetime();

const firstMoment = Date.parse("1970-01-01T00:00:00Z");
const lastMoment = Date.parse("9999-12-31T23:59:59.999Z");

/**
 * A time in an input; all inputs use this schema: ISO 8601 with `Z` or an offset, from 1970 to the end of 9999 in UTC.
 * Outside this range, offset included, JavaScript formats years in a way that PostgreSQL does not accept.
 */
export const MomentInput = z.iso.datetime({ offset: true }).refine(
  (text) => {
    const moment = Date.parse(text);
    return moment >= firstMoment && moment <= lastMoment;
  },
  { error: "must_be_from_1970_to_9999" },
);
