import { desc, lt } from "drizzle-orm";
import { serviceAccounts } from "#drizzle/roles";
import { readAs } from "#src/access/read-as";
import { pageOfRows } from "#src/database/page-of-rows";
import { operation } from "#src/operations/operation";
import { caller } from "#src/operations/subject";
import { ListServiceAccounts, ServiceAccountPage } from "./contract";
import { presentServiceAccount } from "./rows";

/** The organization's service accounts, newest first. */
export const list = operation(
  {
    name: "serviceAccounts.list",
    summary: "List the organization's service accounts",
    permission: "service-account:read",
    on: caller,
    input: ListServiceAccounts,
    output: ServiceAccountPage,
    errors: [],
    rest: { method: "GET", path: "/service-accounts" },
  },
  async (authorized, input) => {
    return readAs(authorized, async (tx) => {
      const rows = await tx
        .select()
        .from(serviceAccounts)
        .where(input.cursor === undefined ? undefined : lt(serviceAccounts.serviceAccountId, input.cursor))
        .orderBy(desc(serviceAccounts.serviceAccountId))
        .limit(input.limit + 1);
      return pageOfRows(rows, input, (row) => row.serviceAccountId, presentServiceAccount);
    });
  },
);
