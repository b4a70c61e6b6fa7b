import { roles } from "../../../drizzle/roles";
import type { Authorized } from "../../access/authorized";
import { requireGivable } from "../../access/privilege-guards";
import { unitOfWork } from "../../access/unit-of-work";
import { newId } from "../../platform/ids";
import type { CreateRole, Role } from "./contract";
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
