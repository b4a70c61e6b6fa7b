import { type Grant, grantable, isRole, type Permission, type Role } from "../../access/permissions";
import { requireGranted } from "../../access/resolve-grant";
import type { Transaction } from "../../database/database";
import { violatedConstraint } from "../../database/database-errors";
import { Refusal } from "../../platform/errors/refusal";

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

/**
 * The words of a role, each once, in the order of the table. What belongs to every person alone is in no role.
 * @throws Refusal `unknown_permission`
 */
export function requireWords(words: readonly string[]): Permission[] {
  const wanted = new Set(words);
  const known = grantable.filter((permission) => wanted.has(permission));
  if (known.length === wanted.size) return known;
  const permissions = words.flatMap((word, at) =>
    grantable.some((permission) => permission === word) ? [] : [{ at, word }],
  );
  throw new Refusal("unknown_permission", { permissions });
}

/** A role of one's own that is called like a built-in one would be taken for it. @throws Refusal `name_taken` */
export function requireOwnName(name: string): void {
  if (isRole(name.toLowerCase())) throw nameTaken(name);
}

/** @throws Refusal `name_taken` where the organization has a role of this name */
export function orNameTaken(error: unknown, name: string): never {
  if (violatedConstraint(error) === "roles_name") throw nameTaken(name);
  throw error;
}

function nameTaken(name: string): Refusal {
  return new Refusal("name_taken", { kind: "role", name });
}
