import { z } from "zod";
import { Confirm, IdInput, Moment, pageFields, pageOf, Secret, Version } from "#src/platform/contract/fields";
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

export const DeleteCredential = z.strictObject({
  securityId: IdInput,
  /** The digest of `security.preview`. With it, the deletion makes public only what that preview showed. */
  confirm: Confirm.optional(),
});

export const UpdateCredential = z
  .strictObject({ securityId: IdInput, username: UsernameInput.optional(), password: PasswordInput.optional() })
  .refine((input) => input.username !== undefined || input.password !== undefined, { error: "nothing_to_change" });
export type UpdateCredential = z.infer<typeof UpdateCredential>;

/** Each item is created or refused by itself. */
export const CreateCredentials = z.strictObject({
  applicationId: IdInput,
  credentials: z
    .array(z.strictObject({ username: UsernameInput, password: PasswordInput.optional() }))
    .min(1)
    .max(100),
});
export type CreateCredentials = z.infer<typeof CreateCredentials>;

/** Why one of several credentials is not created. */
export const ItemReason = z.enum(["duplicate_username", "invalid_password", "invalid_username", "weak_password"]);

/** Whole lines of an htpasswd file. A file of 10,000 lines has about 700 kB. */
export const ImportCredentials = z.strictObject({
  applicationId: IdInput,
  htpasswd: z.string().min(1).max(1_000_000),
  /** Judges every line, and writes nothing. */
  dryRun: z.boolean().default(false),
});

/** Why a line of an htpasswd file is not imported. */
export const LineReason = z.enum([
  "line_too_long",
  "colon_missing",
  "several_colons",
  "replacement_character",
  "username_empty",
  "username_too_long",
  "username_not_unicode",
  "username_colon",
  "username_control_character",
  "username_separator",
  "username_outer_space",
  "hash_missing",
  "hash_is_sha1",
  "hash_is_crypt",
  "hash_unknown",
  "hash_malformed",
  "bcrypt_cost_too_high",
  "duplicate_in_file",
  "duplicate_username",
  "other_algorithm",
  "other_cost",
]);
export type LineReason = z.infer<typeof LineReason>;

export const ImportedCredentials = z.object({
  dryRun: z.boolean(),
  /** The algorithm of the application's credentials after the import. */
  hashAlgorithm: z.enum(["apr1", "bcrypt"]),
  accepted: z.number().int(),
  refused: z.number().int(),
  /** Every line that is neither empty nor a comment. */
  lines: z.array(
    z.object({
      line: z.number().int(),
      /** Null if the line has no username that could be shown. */
      username: z.string().nullable(),
      accepted: z.boolean(),
      reason: LineReason.optional(),
    }),
  ),
  /** A sentence for each reason in `lines`. */
  reasons: z.array(z.object({ reason: LineReason, message: z.string() })),
  sync: Sync,
});
export type ImportedCredentials = z.infer<typeof ImportedCredentials>;

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

export const ApplicationCredential = z.object({
  securityId: z.string(),
  applicationId: z.string(),
  username: z.string(),
  hashAlgorithm: z.enum(["apr1", "bcrypt"]),
  createdAt: Moment,
  version: Version,
  passwordChangedAt: Moment,
  expiresAt: Moment.nullable(),
  lastUsedAt: Moment.nullable(),
  sync: Sync,
});
export type ApplicationCredential = z.infer<typeof ApplicationCredential>;

/** `password` is set only if it was generated, and only in this response. */
export const CreatedCredential = ApplicationCredential.extend({
  warnings: z.array(Warning),
  password: Secret.optional(),
});
export type CreatedCredential = z.infer<typeof CreatedCredential>;

/** In the order of the request. Each item has either `created` or `refused`. */
export const CreatedCredentials = z.object({
  items: z.array(
    z.object({
      username: z.string(),
      created: CreatedCredential.optional(),
      refused: z.object({ reason: ItemReason, message: z.string() }).optional(),
    }),
  ),
  sync: Sync,
});

export const UpdatedCredential = ApplicationCredential.extend({ warnings: z.array(Warning) });
export type UpdatedCredential = z.infer<typeof UpdatedCredential>;

/** `becamePublic`: this call made the application public. */
export const DeletedCredential = ApplicationCredential.extend({ becamePublic: z.boolean() });
export type DeletedCredential = z.infer<typeof DeletedCredential>;

export const CredentialPage = pageOf(ApplicationCredential);
