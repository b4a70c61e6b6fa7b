import { z } from "zod";
import { IdInput, Moment, Name, pageFields, pageOf, Version } from "#src/platform/contract/fields";
import { Sync } from "#src/platform/contract/sync-state";

const Role = z.enum(["viewer", "developer", "admin", "owner"]);

export const CreateServiceAccount = z
  .strictObject({
    name: Name,
    /** Exactly one of the two; at most what the creator has. */
    role: Role.optional(),
    roleId: IdInput.optional(),
  })
  .refine(({ role, roleId }) => (role === undefined) !== (roleId === undefined), {
    path: ["role"],
    error: "exactly_one_of_role_roleId",
  });
export type CreateServiceAccount = z.infer<typeof CreateServiceAccount>;

export const ServiceAccountById = z.strictObject({ serviceAccountId: IdInput });

export const UpdateServiceAccount = z
  .strictObject({
    serviceAccountId: IdInput,
    name: Name.optional(),
    /** One of the two, or neither: the role then stays. */
    role: Role.optional(),
    roleId: IdInput.optional(),
  })
  .refine(({ role, roleId }) => role === undefined || roleId === undefined, {
    path: ["role"],
    error: "at_most_one_of_role_roleId",
  });
export type UpdateServiceAccount = z.infer<typeof UpdateServiceAccount>;

export const ListServiceAccounts = z.strictObject(pageFields).prefault({});
export type ListServiceAccounts = z.infer<typeof ListServiceAccounts>;

/** An account for automation of the organization: it has a role and keys, and cannot sign in. */
export const ServiceAccount = z.object({
  serviceAccountId: z.string(),
  name: z.string(),
  /** One of the two is null. */
  role: Role.nullable(),
  roleId: z.string().nullable(),
  createdAt: Moment,
  version: Version,
  sync: Sync,
});
export type ServiceAccount = z.infer<typeof ServiceAccount>;

export const ServiceAccountPage = pageOf(ServiceAccount);
