import { and, eq } from "drizzle-orm";
import { roles } from "#drizzle/roles";
import type { Transaction } from "../database/database";
import { Refusal } from "../platform/errors/refusal";
import { type Grant, isPermission, levelOf, type Role } from "./permissions";

/** A requested grant: a built-in role, a custom role, or permissions from the table. */
interface Wanted {
  readonly role?: Role | undefined;
  readonly roleId?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
}

/** Its columns, and the grant. */
export interface Granted {
  readonly columns: { readonly role: Role | null; readonly roleId: string | null; readonly scopes: string[] | null };
  readonly grant: Grant;
}

/**
 * Looks up the requested grant. Whether the caller can give it is decided later (`canGive`).
 * @throws Refusal `not_found` no such role in this organization
 * @throws Refusal `unknown_scope`
 */
export async function requireGranted(
  tx: Transaction,
  organizationId: string,
  { role, roleId, scopes }: Wanted,
): Promise<Granted> {
  if (role !== undefined) {
    return { columns: { role, roleId: null, scopes: null }, grant: { role, permissions: null } };
  }
  if (roleId !== undefined) {
    const [row] = await tx
      .select({ permissions: roles.permissions })
      .from(roles)
      .where(and(eq(roles.roleId, roleId), eq(roles.organizationId, organizationId)))
      .for("key share");
    if (!row) throw new Refusal("not_found", { kind: "role", id: roleId });
    return { columns: { role: null, roleId, scopes: null }, grant: { role: null, ...row } };
  }
  const permissions = [...new Set(scopes)];
  const unknown = permissions.findIndex((permission) => !isPermission(permission) || levelOf(permission) === "person");
  if (unknown >= 0 || permissions.length === 0) {
    throw new Refusal("unknown_scope", { at: unknown, scope: permissions[unknown] ?? null });
  }
  return { columns: { role: null, roleId: null, scopes: permissions }, grant: { role: null, permissions } };
}
