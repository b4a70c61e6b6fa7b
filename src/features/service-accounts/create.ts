import { firstVersion } from "#drizzle/columns";
import { serviceAccounts } from "#drizzle/roles";
import { requireGranted } from "#src/access/resolve-grant";
import { unitOfWork } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { caller } from "#src/operations/subject";
import { newId } from "#src/platform/ids";
import { CreateServiceAccount, ServiceAccount } from "./contract";
import { presentServiceAccount } from "./rows";
import { orNameTaken, requireGrantNotAboveOwn } from "./rules";

/**
 * Creates a service account, an identity for automation that does not depend on the person who created it.
 * @throws Refusal `role_above_own` | `not_found` no such role | `name_taken`
 */
export const create = operation(
  {
    name: "serviceAccounts.create",
    summary: "Create a service account",
    permission: "service-account:create",
    on: caller,
    input: CreateServiceAccount,
    output: ServiceAccount,
    errors: ["name_taken", "role_above_own"],
    rest: { method: "POST", path: "/service-accounts", status: 201 },
  },
  async (authorized, input) => {
    return unitOfWork(
      authorized,
      async (work) => {
        const { columns, grant } = await requireGranted(work.tx, work.organizationId, input);
        requireGrantNotAboveOwn(work.authorized, grant);
        const { role, roleId } = columns;
        const row = {
          serviceAccountId: newId("serviceAccount"),
          organizationId: work.organizationId,
          name: input.name,
          role,
          roleId,
          createdAt: work.now,
          version: firstVersion,
        };
        await work.tx
          .insert(serviceAccounts)
          .values(row)
          .catch((error: unknown) => orNameTaken(error, input.name));
        const { name } = row;
        work.audit({ kind: "serviceAccount", id: row.serviceAccountId, name }, { name, role, roleId });
        return presentServiceAccount(row);
      },
      { lock: "share" },
    );
  },
);
