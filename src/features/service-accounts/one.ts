import { eq } from "drizzle-orm";
import { serviceAccounts } from "#drizzle/roles";
import { readAs } from "#src/access/read-as";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { ServiceAccount, ServiceAccountById } from "./contract";
import { serviceAccount } from "./resource";
import { presentServiceAccount } from "./rows";

/** One service account. */
export const one = operation(
  {
    name: "serviceAccounts.one",
    summary: "Get a service account",
    permission: "service-account:read",
    on: serviceAccount,
    input: ServiceAccountById,
    output: ServiceAccount,
    errors: [],
    rest: { method: "GET", path: "/service-accounts/{serviceAccountId}" },
  },
  async (authorized) => {
    return readAs(authorized, async (tx) => {
      const [row] = await tx
        .select()
        .from(serviceAccounts)
        .where(eq(serviceAccounts.serviceAccountId, authorized.object.serviceAccountId));
      if (!row) throw new Refusal("not_found", authorized.named);
      return presentServiceAccount(row);
    });
  },
);
