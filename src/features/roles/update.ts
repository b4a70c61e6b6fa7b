import { eq } from "drizzle-orm";
import { roles } from "#drizzle/roles";
import { requireGivable } from "#src/access/privilege-guards";
import { unitOfWork } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { Role, UpdateRole } from "./contract";
import { role } from "./resource";
import { presentRole } from "./rows";
import { orNameTaken, requireOwnName, requirePermissions } from "./rules";

/**
 * Renames a custom role, or changes its permissions, at once for everyone who has it. The caller needs all of its
 * former and new permissions, so that callers cannot extend their own permissions.
 * @throws Refusal `role_above_own` | `unknown_permission` | `name_taken`
 */
export const update = operation(
  {
    name: "roles.update",
    summary: "Rename a custom role or replace its permissions",
    permission: "role:update",
    on: role,
    input: UpdateRole,
    output: Role,
    errors: ["name_taken", "role_above_own", "unknown_permission"],
    rest: { method: "PATCH", path: "/roles/{roleId}" },
  },
  async (authorized, input) => {
    return unitOfWork(authorized, async (work) => {
      const before = work.authorized.object;
      const { name = before.name } = input;
      if (input.name !== undefined) requireOwnName(name);
      const permissions =
        input.permissions === undefined ? [...before.permissions] : requirePermissions(input.permissions);
      requireGivable(work, { role: null, permissions: before.permissions });
      requireGivable(work, { role: null, permissions });
      const [row] = await work.tx
        .update(roles)
        .set({ name, permissions })
        .where(eq(roles.roleId, before.roleId))
        .returning()
        .catch((error: unknown) => orNameTaken(error, name));
      if (!row) throw new Refusal("not_found", authorized.named);
      work.audit(
        { kind: "role", id: before.roleId },
        {
          ...(name === before.name ? {} : { name: [before.name, name] }),
          ...(input.permissions === undefined ? {} : { permissions: [before.permissions, permissions] }),
        },
      );
      return presentRole(row);
    });
  },
);
