import { firstVersion } from "#drizzle/columns";
import { roles } from "#drizzle/roles";
import { requireGivable } from "#src/access/privilege-guards";
import { unitOfWork } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { caller } from "#src/operations/subject";
import { newId } from "#src/platform/ids";
import { CreateRole, Role } from "./contract";
import { presentRole } from "./rows";
import { orNameTaken, requireOwnName, requirePermissions } from "./rules";

/**
 * Creates a custom role.
 * @throws Refusal `role_above_own` | `unknown_permission` | `name_taken`
 */
export const create = operation(
  {
    name: "roles.create",
    summary: "Create a custom role",
    permission: "role:create",
    on: caller,
    input: CreateRole,
    output: Role,
    errors: ["name_taken", "role_above_own", "unknown_permission"],
    rest: { method: "POST", path: "/roles", status: 201 },
  },
  async (authorized, { name, permissions: names }) => {
    return unitOfWork(authorized, async (work) => {
      requireOwnName(name);
      const permissions = requirePermissions(names);
      requireGivable(work, { role: null, permissions });
      const { organizationId, now: createdAt } = work;
      const row = { roleId: newId("role"), organizationId, name, permissions, createdAt, version: firstVersion };
      await work.tx
        .insert(roles)
        .values(row)
        .catch((error: unknown) => orNameTaken(error, name));
      work.audit({ kind: "role", id: row.roleId, name }, { name, permissions });
      return presentRole(row);
    });
  },
);
