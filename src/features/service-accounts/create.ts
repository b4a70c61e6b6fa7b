import { serviceAccounts } from "../../../drizzle/roles";
import type { Authorized } from "../../access/authorized";
import { requireGranted } from "../../access/resolve-grant";
import { unitOfWork } from "../../access/unit-of-work";
import { newId } from "../../platform/ids";
import type { CreateServiceAccount, ServiceAccount } from "./contract";
import { orNameTaken } from "./name-taken";
import { presentServiceAccount } from "./present-service-account";
import { requireAccountReach } from "./require-account-reach";

/**
 * Makes a service account: what automation acts as, so that it outlives whoever set it up.
 * @throws Forbidden `role_above_own` | NotFound no such role | Conflict `name_taken`
 */
export async function createServiceAccount(
  authorized: Authorized<"service-account:create", "organization">,
  input: CreateServiceAccount,
): Promise<ServiceAccount> {
  return unitOfWork(
    authorized,
    async (work) => {
      const { columns, grant } = await requireGranted(work.tx, work.organizationId, input);
      requireAccountReach(work.authorized, grant);
      const { role, roleId } = columns;
      const row = {
        serviceAccountId: newId("serviceAccount"),
        organizationId: work.organizationId,
        name: input.name,
        role,
        roleId,
        createdAt: work.now,
      };
      await work.tx.insert(serviceAccounts).values(row).catch(orNameTaken);
      const { name } = row;
      work.audit(
        "serviceAccounts.create",
        { kind: "serviceAccount", id: row.serviceAccountId, name },
        { name, role, roleId },
      );
      return presentServiceAccount(row);
    },
    { lock: "share" },
  );
}
