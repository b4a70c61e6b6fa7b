import { z } from "zod";
import { IdInput, Moment, pageFields, pageOf } from "../../platform/contract/page";
import { Sync } from "../../platform/contract/sync-state";

/** Sizes are in characters here; the exact rules, in bytes, are in `core/credentials.ts`. */
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

export const ListCredentials = z
  .strictObject({
    /** Without it, the credentials of every application that the caller can see. */
    applicationId: IdInput.optional(),
    /** Only credentials whose password is older than this number of days. */
    olderThanDays: z.number().int().min(0).max(36_500).optional(),
    ...pageFields,
  })
  .prefault({});
export type ListCredentials = z.infer<typeof ListCredentials>;

/** A warning about a password that was accepted. */
export const Warning = z.object({ reason: z.string(), message: z.string() });

export const Credential = z.object({
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
export type Credential = z.infer<typeof Credential>;

/** `password` is set only if it was generated, and only in this response. */
export const CreatedCredential = Credential.extend({ warnings: z.array(Warning), password: z.string().optional() });
export type CreatedCredential = z.infer<typeof CreatedCredential>;

export const UpdatedCredential = Credential.extend({ warnings: z.array(Warning) });
export type UpdatedCredential = z.infer<typeof UpdatedCredential>;

/** `becamePublic`: this call made the application public. */
export const DeletedCredential = Credential.extend({ becamePublic: z.boolean() });
export type DeletedCredential = z.infer<typeof DeletedCredential>;

export const CredentialPage = pageOf(Credential);
