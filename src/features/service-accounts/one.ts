import { eq } from "drizzle-orm";
import { serviceAccounts } from "../../../drizzle/roles";
import type { Authorized } from "../../access/authorized";
import { readAs } from "../../access/read-as";
import { NotFound } from "../../platform/errors";
import type { ServiceAccount } from "./contract";
import { presentServiceAccount } from "./present-service-account";

/** One service account. */
export async function getServiceAccount(
  authorized: Authorized<"service-account:read", "serviceAccount">,
): Promise<ServiceAccount> {
  return readAs(authorized, async (tx) => {
    const [row] = await tx
      .select()
      .from(serviceAccounts)
      .where(eq(serviceAccounts.serviceAccountId, authorized.object.serviceAccountId));
    if (!row) throw new NotFound();
    return presentServiceAccount(row);
  });
}
