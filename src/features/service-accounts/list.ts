import { desc, lt } from "drizzle-orm";
import { serviceAccounts } from "../../../drizzle/roles";
import type { Authorized } from "../../access/authorized";
import { readAs } from "../../access/read-as";
import { pageOfRows } from "../../database/page";
import type { ListServiceAccounts, ServiceAccount } from "./contract";
import { presentServiceAccount } from "./present-service-account";

/** The organization's service accounts, newest first. */
export async function listServiceAccounts(
  authorized: Authorized<"service-account:read", "organization">,
  input: ListServiceAccounts,
): Promise<{ items: ServiceAccount[]; nextCursor: string | null }> {
  return readAs(authorized, async (tx) => {
    const rows = await tx
      .select()
      .from(serviceAccounts)
      .where(input.cursor === undefined ? undefined : lt(serviceAccounts.serviceAccountId, input.cursor))
      .orderBy(desc(serviceAccounts.serviceAccountId))
      .limit(input.limit + 1);
    return pageOfRows(rows, input, (row) => row.serviceAccountId, presentServiceAccount);
  });
}
