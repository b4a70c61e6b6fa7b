import { and, eq } from "drizzle-orm";
import { oidcProviders } from "../../../drizzle/persons";
import type { Provider } from "../../contracts/providers";
import { NotFound } from "../../core/errors";
import type { Authorized } from "../../persistence/authorized";
import { unitOfWork } from "../../persistence/unit-of-work";
import { endSessionsOfProvider, forgetIdentities } from "./end-provider";
import { presentProvider } from "./present-provider";
import { providerColumns } from "./provider-columns";

/** Removes a provider, who is who at it, and the sessions that it opened. The people stay. */
export async function deleteProvider(authorized: Authorized<"provider:delete", "provider">): Promise<Provider> {
  return unitOfWork(
    authorized,
    async (work) => {
      const { tx, organizationId } = work;
      const { providerId, name } = work.authorized.object;
      const [row] = await tx
        .delete(oidcProviders)
        .where(and(eq(oidcProviders.providerId, providerId), eq(oidcProviders.organizationId, organizationId)))
        .returning(providerColumns);
      if (!row) throw new NotFound();
      await forgetIdentities(tx, providerId);
      const endedSessions = await endSessionsOfProvider(tx, providerId);
      work.audit("providers.delete", { kind: "provider", id: providerId }, { name, endedSessions });
      return presentProvider(row, authorized.request.runtime);
    },
    { role: "identity" },
  );
}
