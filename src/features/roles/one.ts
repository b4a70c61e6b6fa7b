import { eq } from "drizzle-orm";
import { roles } from "#drizzle/roles";
import { readAs } from "#src/access/read-as";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { Role, RoleById } from "./contract";
import { role } from "./resource";
import { presentRole } from "./rows";

/** One custom role. */
export const one = operation(
  {
    name: "roles.one",
    summary: "Get a custom role",
    permission: "role:read",
    on: role,
    input: RoleById,
    output: Role,
    errors: [],
    rest: { method: "GET", path: "/roles/{roleId}" },
  },
  async (authorized) => {
    return readAs(authorized, async (tx) => {
      const [row] = await tx.select().from(roles).where(eq(roles.roleId, authorized.object.roleId));
      if (!row) throw new Refusal("not_found", authorized.named);
      return presentRole(row);
    });
  },
);
