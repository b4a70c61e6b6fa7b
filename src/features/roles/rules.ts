import { type Grant, grantable, isRole, type Permission, type Role } from "#src/access/permissions";
import { requireGranted } from "#src/access/resolve-grant";
import type { Transaction } from "#src/database/database";
import { violatedConstraint } from "#src/database/database-errors";
import { Refusal } from "#src/platform/errors/refusal";

/** A role to be given: its columns, and its grant; both empty for no role. */
export interface GivenRole {
  readonly columns: { readonly role: Role | null; readonly roleId: string | null };
  readonly grant: Grant | null;
}

/**
 * Looks up the role of an input. Whether the caller can give it is decided later.
 * @throws Refusal `not_found` no such role in this organization
 */
export async function requireRole(
  tx: Transaction,
  organizationId: string,
  { role, roleId }: { readonly role?: Role | null | undefined; readonly roleId?: string | undefined },
): Promise<GivenRole> {
  if (role === null) return { columns: { role: null, roleId: null }, grant: null };
  const { columns, grant } = await requireGranted(tx, organizationId, role === undefined ? { roleId } : { role });
  return { columns: { role: columns.role, roleId: columns.roleId }, grant };
}

/**
 * The permissions of a role, each once, in the order of the table. Permissions that every person has for their own
 * account are not allowed in roles.
 * @throws Refusal `unknown_permission`
 */
export function requirePermissions(names: readonly string[]): Permission[] {
  const wanted = new Set(names);
  const known = grantable.filter((permission) => wanted.has(permission));
  if (known.length === wanted.size) return known;
  const permissions = names.flatMap((name, at) =>
    grantable.some((permission) => permission === name) ? [] : [{ at, word: name }],
  );
  throw new Refusal("unknown_permission", { permissions });
}

/** A custom role with the name of a built-in role would be confused with it. @throws Refusal `name_taken` */
export function requireOwnName(name: string): void {
  if (isRole(name.toLowerCase())) throw nameTaken(name);
}

/** @throws Refusal `name_taken` if the organization has a role with this name */
export function orNameTaken(error: unknown, name: string): never {
  if (violatedConstraint(error) === "roles_name") throw nameTaken(name);
  throw error;
}

function nameTaken(name: string): Refusal {
  return new Refusal("name_taken", { kind: "role", name });
}
