import { z } from "zod";
import { IdInput, Moment, MomentInput, Name, pageFields, pageOf } from "../../platform/contract/page";
import { Sync } from "../../platform/contract/sync-state";

const Role = z.enum(["viewer", "developer", "admin", "owner"]);

/** A word of the permission table; whether the table has it is decided where the table is. */
const Scope = z.string().regex(/^[a-z-]{1,40}:[a-z-]{1,40}$/);

/** `203.0.113.7` or `10.0.0.0/8`; whether it is one is decided where addresses are understood. */
const Network = z.string().regex(/^[0-9A-Fa-f.:/]{2,49}$/);

const limits = {
  /** Where it may be used from; everywhere when it is left out. */
  allowedIps: z.array(Network).min(1).max(50),
  /** At most what the organization says, which counts when it is left out. */
  requestsPerMinute: z.number().int().min(1).max(100_000),
};

export const CreateKey = z
  .strictObject({
    name: Name,
    /** Exactly one of the three; at most what the maker has. */
    role: Role.optional(),
    roleId: IdInput.optional(),
    scopes: z.array(Scope).min(1).max(100).optional(),
    /** In the future; 90 days from now when it is left out, or what the organization allows at most. */
    expiresAt: MomentInput.optional(),
    /** For what lies in this project alone. */
    projectId: IdInput.optional(),
    /** The service account's instead of the maker's own. */
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
  /** Null: what the organization says. */
  requestsPerMinute: limits.requestsPerMinute.nullable().optional(),
});
export type UpdateKey = z.infer<typeof UpdateKey>;

export const RotateKey = z.strictObject({
  apiKeyId: IdInput,
  /** How long the old key goes on beside the new one: a day unless it is said, 30 days at most. */
  overlapSeconds: z.number().int().min(0).max(2_592_000).default(86_400),
});
export type RotateKey = z.infer<typeof RotateKey>;

export const ListKeys = z
  .strictObject({ ...pageFields, projectId: IdInput.optional(), serviceAccountId: IdInput.optional() })
  .prefault({});
export type ListKeys = z.infer<typeof ListKeys>;

/** Never the key itself, never its hash. */
export const Key = z.object({
  apiKeyId: z.string(),
  name: z.string(),
  /** Whose it is; both null for one that the host's command line made. */
  userId: z.string().nullable(),
  serviceAccountId: z.string().nullable(),
  /** What it was made for: one of the three. What it may do is never more than its holder may at that moment. */
  role: Role.nullable(),
  roleId: z.string().nullable(),
  scopes: z.array(z.string()).nullable(),
  projectId: z.string().nullable(),
  allowedIps: z.array(z.string()).nullable(),
  requestsPerMinute: z.number().nullable(),
  createdAt: Moment,
  expiresAt: Moment.nullable(),
  revokedAt: Moment.nullable(),
  /** Written once a minute at most. */
  lastUsedAt: Moment.nullable(),
  lastUsedIp: z.string().nullable(),
  /** The key that takes its place from `expiresAt` on. */
  rotatedTo: z.string().nullable(),
  sync: Sync,
});
export type Key = z.infer<typeof Key>;

/** `key` is in this one answer only. */
export const CreatedKey = Key.extend({ key: z.string() });
export type CreatedKey = z.infer<typeof CreatedKey>;

/** The new key, and until when the old one goes on beside it. */
export const RotatedKey = CreatedKey.extend({ rotated: Key });
export type RotatedKey = z.infer<typeof RotatedKey>;

export const KeyPage = pageOf(Key);
