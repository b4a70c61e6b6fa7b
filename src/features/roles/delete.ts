import { eq, sql } from "drizzle-orm";
import { roles } from "#drizzle/roles";
import { requireGivable } from "#src/access/privilege-guards";
import { unitOfWork } from "#src/access/unit-of-work";
import { violatesForeignKey } from "#src/database/database-errors";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { Role, RoleById } from "./contract";
import { role } from "./resource";
import { presentRole } from "./rows";

/**
 * Deletes a custom role that is not in use: no member, project role, service account, live key or open invitation has
 * it.
 * @throws Refusal `role_in_use` | `role_above_own`
 */
export const remove = operation(
  {
    name: "roles.delete",
    summary: "Delete a custom role that is not in use",
    permission: "role:delete",
    on: role,
    input: RoleById,
    output: Role,
    errors: ["role_above_own", "role_in_use"],
    rest: { method: "DELETE", path: "/roles/{roleId}", status: 204 },
  },
  async (authorized) => {
    return unitOfWork(authorized, async (work) => {
      const { roleId, name, permissions } = work.authorized.object;
      requireGivable(work, { role: null, permissions });
      await work.tx.execute(
        sql`select portcullis_let_go_of_role(${roleId}::text, ${work.now.toISOString()}::timestamptz)`,
      );
      const [row] = await work.tx
        .delete(roles)
        .where(eq(roles.roleId, roleId))
        .returning()
        .catch((error: unknown) => orInUse(error, name));
      if (!row) throw new Refusal("not_found", authorized.named);
      work.audit({ kind: "role", id: roleId }, { permissions: [permissions, null] });
      return presentRole(row);
    });
  },
);

function orInUse(error: unknown, name: string): never {
  if (!violatesForeignKey(error)) throw error;
  throw new Refusal("role_in_use", { name });
}
