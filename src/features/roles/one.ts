import { eq } from "drizzle-orm";
import { roles } from "../../../drizzle/roles";
import type { Authorized } from "../../access/authorized";
import { readAs } from "../../access/read-as";
import { NotFound } from "../../platform/errors";
import type { Role } from "./contract";
import { presentRole } from "./present-role";

/** One role of the organization's own. */
export async function getRole(authorized: Authorized<"role:read", "role">): Promise<Role> {
  return readAs(authorized, async (tx) => {
    const [row] = await tx.select().from(roles).where(eq(roles.roleId, authorized.object.roleId));
    if (!row) throw new NotFound();
    return presentRole(row);
  });
}
