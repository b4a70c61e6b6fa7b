import { eq } from "drizzle-orm";
import { serviceAccounts } from "#drizzle/roles";
import { requireGranted } from "#src/access/resolve-grant";
import { unitOfWork } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { ServiceAccount, UpdateServiceAccount } from "./contract";
import { serviceAccount } from "./resource";
import { presentServiceAccount } from "./rows";
import { orNameTaken, requireGrantNotAboveOwn, roleOfAccount } from "./rules";

/**
 * Renames a service account, or gives it another role, which limits its keys from the next request on.
 * @throws Refusal `role_above_own`: of the former or of the new role
 * @throws Refusal `not_found` no such role | `name_taken`
 */
export const update = operation(
  {
    name: "serviceAccounts.update",
    summary: "Change the name or role of a service account",
    permission: "service-account:update",
    on: serviceAccount,
    input: UpdateServiceAccount,
    output: ServiceAccount,
    errors: ["name_taken", "role_above_own"],
    rest: { method: "PATCH", path: "/service-accounts/{serviceAccountId}" },
  },
  async (authorized, { name, role, roleId }) => {
    return unitOfWork(authorized, async (work) => {
      const { serviceAccountId, ...before } = work.authorized.object;
      const was = await requireGranted(work.tx, work.organizationId, roleOfAccount(before));
      requireGrantNotAboveOwn(work.authorized, was.grant);
      const given = role !== undefined || roleId !== undefined;
      const is = given ? await requireGranted(work.tx, work.organizationId, { role, roleId }) : was;
      requireGrantNotAboveOwn(work.authorized, is.grant);
      const after = { name: name ?? before.name, role: is.columns.role, roleId: is.columns.roleId };
      const [row] = await work.tx
        .update(serviceAccounts)
        .set(after)
        .where(eq(serviceAccounts.serviceAccountId, serviceAccountId))
        .returning()
        .catch((error: unknown) => orNameTaken(error, after.name));
      if (!row) throw new Refusal("not_found", authorized.named);
      const changed = fields.filter((field) => before[field] !== after[field]);
      work.audit(
        { kind: "serviceAccount", id: serviceAccountId },
        Object.fromEntries(changed.map((field) => [field, [before[field], after[field]]])),
      );
      return presentServiceAccount(row);
    });
  },
);

const fields = ["name", "role", "roleId"] as const;
