import { z } from "zod";
import { IdInput, Moment, Name, pageFields, pageOf } from "./page";
import { Sync } from "./sync-state";

const Role = z.enum(["viewer", "developer", "admin", "owner"]);

export const CreateKey = z.strictObject({
  name: Name,
  /** At most the maker's own. */
  role: Role,
  /** In the future; 90 days from now when it is left out. */
  expiresAt: z.iso.datetime({ offset: true }).optional(),
});
export type CreateKey = z.infer<typeof CreateKey>;

export const KeyById = z.strictObject({ apiKeyId: IdInput });

export const UpdateKey = z.strictObject({ apiKeyId: IdInput, name: Name });
export type UpdateKey = z.infer<typeof UpdateKey>;

export const ListKeys = z.strictObject(pageFields).prefault({});
export type ListKeys = z.infer<typeof ListKeys>;

/** Never the key itself, never its hash. */
export const Key = z.object({
  apiKeyId: z.string(),
  name: z.string(),
  role: Role,
  createdAt: Moment,
  expiresAt: Moment.nullable(),
  revokedAt: Moment.nullable(),
  lastUsedAt: Moment.nullable(),
  sync: Sync,
});
export type Key = z.infer<typeof Key>;

/** `key` is in this one answer only. */
export const CreatedKey = Key.extend({ key: z.string() });
export type CreatedKey = z.infer<typeof CreatedKey>;

export const KeyPage = pageOf(Key);
