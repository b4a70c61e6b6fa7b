import { roles } from "../../../drizzle/roles";
import type { CreateRole, Role } from "../../contracts/roles";
import { newId } from "../../core/ids";
import type { Authorized } from "../../persistence/authorized";
import { unitOfWork } from "../../persistence/unit-of-work";
import { requireGivable } from "../members/giving";
import { presentRole } from "./present-role";
import { orNameTaken, requireOwnName, requireWords } from "./role-words";

/**
 * Makes a role of the organization's own.
 * @throws Forbidden `role_above_own` | Invalid `unknown_permission` | Conflict `name_taken`
 */
export async function createRole(
  authorized: Authorized<"role:create", "organization">,
  { name, permissions: words }: CreateRole,
): Promise<Role> {
  return unitOfWork(authorized, async (work) => {
    requireOwnName(name);
    const permissions = requireWords(words);
    requireGivable(work, { role: null, permissions });
    const { organizationId, now: createdAt } = work;
    const row = { roleId: newId("role"), organizationId, name, permissions, createdAt };
    await work.tx.insert(roles).values(row).catch(orNameTaken);
    work.audit("roles.create", { kind: "role", id: row.roleId, name }, { name, permissions });
    return presentRole(row);
  });
}
