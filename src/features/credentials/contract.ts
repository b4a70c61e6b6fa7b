import { z } from "zod";
import { IdInput, Moment, pageFields, pageOf } from "#src/platform/contract/fields";
import { Sync } from "#src/platform/contract/sync-state";

/** Sizes are in characters here; the exact rules, in bytes, are in `src/platform/passwords/credential-rules.ts`. */
export const UsernameInput = z.string().min(1).max(255);
export const PasswordInput = z.string().min(1).max(255);

export const CreateCredential = z.strictObject({
  applicationId: IdInput,
  username: UsernameInput,
  password: PasswordInput.optional(),
});
export type CreateCredential = z.infer<typeof CreateCredential>;

export const CredentialById = z.strictObject({ securityId: IdInput });

export const UpdateCredential = z
  .strictObject({ securityId: IdInput, username: UsernameInput.optional(), password: PasswordInput.optional() })
  .refine((input) => input.username !== undefined || input.password !== undefined, { error: "nothing_to_change" });
export type UpdateCredential = z.infer<typeof UpdateCredential>;

export const ListCredentials = z.strictObject({ applicationId: IdInput, ...pageFields });
export type ListCredentials = z.infer<typeof ListCredentials>;

/** A warning about a password that was accepted. */
export const Warning = z.object({ reason: z.string(), message: z.string() });

export const ApplicationCredential = z.object({
  securityId: z.string(),
  applicationId: z.string(),
  username: z.string(),
  hashAlgorithm: z.enum(["apr1", "bcrypt"]),
  createdAt: Moment,
  passwordChangedAt: Moment,
  expiresAt: Moment.nullable(),
  lastUsedAt: Moment.nullable(),
  sync: Sync,
});
export type ApplicationCredential = z.infer<typeof ApplicationCredential>;

/** `password` is set only if it was generated, and only in this response. */
export const CreatedCredential = ApplicationCredential.extend({
  warnings: z.array(Warning),
  password: z.string().optional(),
});
export type CreatedCredential = z.infer<typeof CreatedCredential>;

export const UpdatedCredential = ApplicationCredential.extend({ warnings: z.array(Warning) });
export type UpdatedCredential = z.infer<typeof UpdatedCredential>;

/** `becamePublic`: this call made the application public. */
export const DeletedCredential = ApplicationCredential.extend({ becamePublic: z.boolean() });
export type DeletedCredential = z.infer<typeof DeletedCredential>;

export const CredentialPage = pageOf(ApplicationCredential);
