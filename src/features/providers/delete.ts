import { and, eq } from "drizzle-orm";
import { oidcProviders } from "#drizzle/persons";
import { unitOfWork } from "#src/access/unit-of-work";
import type { RoleChange } from "#src/identity/external/apply-groups";
import { logLastOwnerKept, reapplyGroups } from "#src/identity/external/end-of-groups";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { Provider, ProviderById } from "./contract";
import { provider } from "./resource";
import { endSessionsOfProvider, forgetIdentities, presentProvider, providerColumns } from "./rows";

/**
 * Removes a provider, its links to accounts, the sessions that it opened, and what its groups gave. The people stay.
 */
export const remove = operation(
  {
    name: "providers.delete",
    summary: "Delete an identity provider",
    permission: "provider:delete",
    on: provider,
    input: ProviderById,
    output: Provider,
    errors: [],
    rest: { method: "DELETE", path: "/providers/{providerId}", status: 204 },
  },
  async (authorized) => {
    const { runtime, requestId, ip } = authorized.request;
    const alarms: RoleChange[] = [];
    const provider = await unitOfWork(
      authorized,
      async (work) => {
        const { tx, organizationId } = work;
        const { providerId, name } = work.authorized.object;
        const [row] = await tx
          .delete(oidcProviders)
          .where(and(eq(oidcProviders.providerId, providerId), eq(oidcProviders.organizationId, organizationId)))
          .returning(providerColumns);
        if (!row) throw new Refusal("not_found", authorized.named);
        const seen = { requestId, ip, now: work.now, installationId: runtime.installationId };
        alarms.length = 0;
        alarms.push(
          ...(await reapplyGroups(
            tx,
            seen,
            { source: providerId, name: row.name, organizationId },
            organizationId,
            null,
          )),
        );
        await forgetIdentities(tx, providerId);
        const endedSessions = await endSessionsOfProvider(tx, providerId);
        work.audit({ kind: "provider", id: providerId }, { name, endedSessions });
        return presentProvider(row, runtime);
      },
      { role: "identity" },
    );
    for (const kept of alarms) logLastOwnerKept(runtime.log, authorized.request, { source: provider.providerId }, kept);
    return provider;
  },
);
