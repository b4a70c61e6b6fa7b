import { z } from "zod";
import { IdInput, Moment, Name, pageFields, pageOf, Version } from "#src/platform/contract/fields";

/** The roles that every organization has. */
export const BuiltInRole = z.enum(["viewer", "developer", "admin", "owner"]);

/** Permissions of the table, each once. Whether they exist, and whether the caller can give them, is checked later. */
const PermissionNames = z.array(z.string().max(60)).min(1).max(200);

export const CreateRole = z.strictObject({ name: Name, permissions: PermissionNames });
export type CreateRole = z.infer<typeof CreateRole>;

export const RoleById = z.strictObject({ roleId: IdInput });

export const UpdateRole = z
  .strictObject({ roleId: IdInput, name: Name.optional(), permissions: PermissionNames.optional() })
  .refine(({ name, permissions }) => name !== undefined || permissions !== undefined, { error: "nothing_to_change" });
export type UpdateRole = z.infer<typeof UpdateRole>;

export const ListRoles = z.strictObject(pageFields).prefault({});
export type ListRoles = z.infer<typeof ListRoles>;

/** A custom role: a set of permissions that the organization defines. */
export const Role = z.object({
  roleId: z.string(),
  name: z.string(),
  permissions: z.array(z.string()),
  createdAt: Moment,
  version: Version,
});
export type Role = z.infer<typeof Role>;

export const RolePage = pageOf(Role);
