import { z } from "zod";
import { Name, Version } from "#src/platform/contract/fields";

/** A language of the console. */
export const Locale = z.enum(["en", "de"]);

export const UpdateProfile = z
  .strictObject({
    /** Null: no name. */
    name: Name.nullable().optional(),
    /** Null: the language of the browser. */
    locale: Locale.nullable().optional(),
  })
  .refine(({ name, locale }) => name !== undefined || locale !== undefined, { error: "nothing_to_change" });
export type UpdateProfile = z.infer<typeof UpdateProfile>;

/** What a person says about themselves. */
export const Profile = z.object({
  userId: z.string(),
  email: z.string(),
  name: z.string().nullable(),
  locale: Locale.nullable(),
  version: Version,
});
export type Profile = z.infer<typeof Profile>;
