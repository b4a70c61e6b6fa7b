import type { Grant, Role } from "../../access/permissions";
import { requireGranted } from "../../access/resolve-grant";
import type { Transaction } from "../../database/database";

/** A role that somebody is to have: its columns, and what it gives; both empty for none. */
export interface GivenRole {
  readonly columns: { readonly role: Role | null; readonly roleId: string | null };
  readonly grant: Grant | null;
}

/**
 * Looks up the role of an input; that the caller may give it is still to be decided.
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
