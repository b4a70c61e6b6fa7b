import { z } from "zod";

/** An id in an input: the characters that ids have, 100 at most; whether it names something is decided by looking it up. */
export const IdInput = z.string().regex(/^[\w-]{1,100}$/);

/** A name for people: 1–100 characters, not only white space, no control characters. */
export const Name = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .refine((name) => !/\p{Cc}|\p{Cs}/u.test(name), { error: "control_character" });

/** Where a list goes on, and how many items at most. Newest first. */
export const pageFields = {
  cursor: IdInput.optional(),
  limit: z.number().int().min(1).max(200).default(50),
};

export interface PageInput {
  readonly cursor?: string | undefined;
  readonly limit: number;
}

/** One page of a list; `nextCursor` is null on the last one. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });

/** A moment in an answer: ISO 8601, UTC, milliseconds. */
export const Moment = z.iso.datetime();
