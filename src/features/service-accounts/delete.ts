import { count, eq } from "drizzle-orm";
import { apiKeys } from "#drizzle/api-keys";
import { serviceAccounts } from "#drizzle/roles";
import { requireGranted } from "#src/access/resolve-grant";
import { unitOfWork } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { ServiceAccount, ServiceAccountById } from "./contract";
import { serviceAccount } from "./resource";
import { presentServiceAccount } from "./rows";
import { requireGrantNotAboveOwn, roleOfAccount } from "./rules";

/**
 * Removes a service account with its keys. The next request with one of them is refused.
 * @throws Refusal `role_above_own`
 */
export const remove = operation(
  {
    name: "serviceAccounts.delete",
    summary: "Delete a service account with its keys",
    permission: "service-account:delete",
    on: serviceAccount,
    input: ServiceAccountById,
    output: ServiceAccount,
    errors: ["role_above_own"],
    rest: { method: "DELETE", path: "/service-accounts/{serviceAccountId}", status: 204 },
  },
  async (authorized) => {
    return unitOfWork(authorized, async (work) => {
      const { serviceAccountId, name, role, roleId } = work.authorized.object;
      const { grant } = await requireGranted(work.tx, work.organizationId, roleOfAccount({ role, roleId }));
      requireGrantNotAboveOwn(work.authorized, grant);
      const [keys] = await work.tx
        .select({ removed: count() })
        .from(apiKeys)
        .where(eq(apiKeys.serviceAccountId, serviceAccountId));
      const [row] = await work.tx
        .delete(serviceAccounts)
        .where(eq(serviceAccounts.serviceAccountId, serviceAccountId))
        .returning();
      if (!row) throw new Refusal("not_found", authorized.named);
      work.audit({ kind: "serviceAccount", id: serviceAccountId }, { name, role, roleId, keys: keys?.removed ?? 0 });
      return presentServiceAccount(row);
    });
  },
);
