import { eq } from "drizzle-orm";
import { oidcProviders } from "../../../drizzle/persons";
import type { Authorized } from "../../access/authorized";
import { readAs } from "../../access/read-as";
import { NotFound } from "../../platform/errors";
import type { Provider } from "./contract";
import { presentProvider } from "./present-provider";
import { providerColumns } from "./provider-columns";

/** One provider of the organization. */
export async function getProvider(authorized: Authorized<"provider:read", "provider">): Promise<Provider> {
  return readAs(authorized, async (tx) => {
    const [row] = await tx
      .select(providerColumns)
      .from(oidcProviders)
      .where(eq(oidcProviders.providerId, authorized.object.providerId));
    if (!row) throw new NotFound();
    return presentProvider(row, authorized.request.runtime);
  });
}
