import { z } from "zod";
import { IdInput, Moment, MomentInput, Name, pageFields, pageOf, Secret, Version } from "#src/platform/contract/fields";
import { Sync } from "#src/platform/contract/sync-state";

const Role = z.enum(["viewer", "developer", "admin", "owner"]);

/** A permission name. Whether it exists is checked against the permission table. */
const Scope = z.string().regex(/^[a-z-]{1,40}:[a-z-]{1,40}$/);

/** `203.0.113.7` or `10.0.0.0/8`. Whether it is valid is checked by the parser of addresses. */
const Network = z.string().regex(/^[0-9A-Fa-f.:/]{2,49}$/);

const limits = {
  /** The networks from which it may be used; from everywhere if omitted. */
  allowedIps: z.array(Network).min(1).max(50),
  /** At most the organization's limit, which applies if this is omitted. */
  requestsPerMinute: z.number().int().min(1).max(100_000),
};

export const CreateKey = z
  .strictObject({
    name: Name,
    /** Exactly one of the three; at most what the creator has. */
    role: Role.optional(),
    roleId: IdInput.optional(),
    scopes: z.array(Scope).min(1).max(100).optional(),
    /** In the future. If omitted: 90 days from now, or the organization's maximum if that is shorter. */
    expiresAt: MomentInput.optional(),
    /** Limits the key to objects of this project. */
    projectId: IdInput.optional(),
    /** Creates the key for this service account instead of the caller. */
    serviceAccountId: IdInput.optional(),
    allowedIps: limits.allowedIps.optional(),
    requestsPerMinute: limits.requestsPerMinute.optional(),
  })
  .refine(({ role, roleId, scopes }) => [role, roleId, scopes].filter((given) => given !== undefined).length === 1, {
    path: ["role"],
    error: "exactly_one_of_role_roleId_scopes",
  });
export type CreateKey = z.infer<typeof CreateKey>;

export const KeyById = z.strictObject({ apiKeyId: IdInput });

export const UpdateKey = z.strictObject({
  apiKeyId: IdInput,
  name: Name.optional(),
  /** Null: from everywhere. */
  allowedIps: limits.allowedIps.nullable().optional(),
  /** Null: the organization's limit. */
  requestsPerMinute: limits.requestsPerMinute.nullable().optional(),
});
export type UpdateKey = z.infer<typeof UpdateKey>;

export const RotateKey = z.strictObject({
  apiKeyId: IdInput,
  /** How long the old key stays valid in parallel with the new one: one day by default, 30 days at most. */
  overlapSeconds: z.number().int().min(0).max(2_592_000).default(86_400),
});
export type RotateKey = z.infer<typeof RotateKey>;

/** `active`: it can be used. A revoked key stays `revoked` after its expiry. */
const KeyState = z.enum(["active", "expired", "revoked"]);

export const ListKeys = z
  .strictObject({
    ...pageFields,
    projectId: IdInput.optional(),
    serviceAccountId: IdInput.optional(),
    state: KeyState.optional(),
  })
  .prefault({});
export type ListKeys = z.infer<typeof ListKeys>;

/** Without the key itself and its hash. */
export const Key = z.object({
  apiKeyId: z.string(),
  name: z.string(),
  /** The holder; both are null for a key that the host's command line created. */
  userId: z.string().nullable(),
  serviceAccountId: z.string().nullable(),
  /**
   * The grant that it was created for: one of the three. Its permissions never exceed those that its holder has at that
   * time.
   */
  role: Role.nullable(),
  roleId: z.string().nullable(),
  scopes: z.array(z.string()).nullable(),
  projectId: z.string().nullable(),
  allowedIps: z.array(z.string()).nullable(),
  requestsPerMinute: z.number().nullable(),
  createdAt: Moment,
  version: Version,
  expiresAt: Moment.nullable(),
  revokedAt: Moment.nullable(),
  /** Written at most once a minute. */
  lastUsedAt: Moment.nullable(),
  lastUsedIp: z.string().nullable(),
  /** The key that replaces it from `expiresAt` on. */
  rotatedTo: z.string().nullable(),
  sync: Sync,
});
export type Key = z.infer<typeof Key>;

/** Only this response contains `key`. */
export const CreatedKey = Key.extend({ key: Secret });
export type CreatedKey = z.infer<typeof CreatedKey>;

/** The new key, and until when the old one stays valid in parallel. */
export const RotatedKey = CreatedKey.extend({ rotated: Key });
export type RotatedKey = z.infer<typeof RotatedKey>;

export const ListedKey = Key.extend({
  /** The name of the person or the service account; a person without a name has the e-mail address here. */
  holderName: z.string().nullable(),
  state: KeyState,
});
export type ListedKey = z.infer<typeof ListedKey>;

export const KeyPage = pageOf(ListedKey);
