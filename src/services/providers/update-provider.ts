import { and, eq } from "drizzle-orm";
import { oidcProviders } from "../../../drizzle/persons";
import type { Provider, UpdateProvider } from "../../contracts/providers";
import { NotFound } from "../../core/errors";
import { isSameIssuer } from "../../identity/oidc/endpoints";
import { clientSecretPlace } from "../../identity/oidc/provider";
import type { Authorized } from "../../persistence/authorized";
import { unitOfWork } from "../../persistence/unit-of-work";
import { endSessionsOfProvider, forgetIdentities } from "./end-provider";
import { presentProvider } from "./present-provider";
import { providerColumns } from "./provider-columns";
import { requireProviderAllowed } from "./require-provider-allowed";

/**
 * Changes a provider. Turned off, or at another issuer, it ends the sessions that it opened; at another issuer everybody
 * is linked anew.
 * @throws Forbidden `provider_above_own`
 * @throws Invalid `address_refused` | `internal_url_not_allowed` | `unknown_role`
 */
export async function updateProvider(
  authorized: Authorized<"provider:update", "provider">,
  { providerId: _, clientSecret, ...given }: UpdateProvider,
): Promise<Provider> {
  const { runtime } = authorized.request;
  return unitOfWork(
    authorized,
    async (work) => {
      await requireProviderAllowed(work, given);
      const { tx, organizationId } = work;
      const { providerId } = work.authorized.object;
      const self = and(eq(oidcProviders.providerId, providerId), eq(oidcProviders.organizationId, organizationId));
      const [before] = await tx.select(providerColumns).from(oidcProviders).where(self).for("no key update");
      if (!before) throw new NotFound();
      const wanted = Object.entries(given).filter(([, value]) => value !== undefined);
      const changes = Object.fromEntries(
        wanted.filter(([field, value]) => JSON.stringify(Reflect.get(before, field)) !== JSON.stringify(value)),
      );
      const [row] = await tx
        .update(oidcProviders)
        .set({
          name: before.name,
          ...changes,
          ...(clientSecret === undefined
            ? {}
            : {
                clientSecretSealed:
                  clientSecret === null ? null : runtime.sealer.seal(clientSecretPlace(providerId), clientSecret),
              }),
        })
        .where(self)
        .returning(providerColumns);
      if (!row) throw new NotFound();
      const isAnother = !isSameIssuer(row.issuer, before.issuer);
      if (isAnother) await forgetIdentities(tx, providerId);
      const ended = isAnother || !row.enabled ? await endSessionsOfProvider(tx, providerId) : 0;
      work.audit(
        "providers.update",
        { kind: "provider", id: providerId },
        {
          ...Object.fromEntries(
            Object.entries(changes).map(([field, value]) => [field, [Reflect.get(before, field), value]]),
          ),
          ...(clientSecret === undefined ? {} : { clientSecret: "changed" }),
          ...(ended > 0 ? { endedSessions: ended } : {}),
        },
      );
      return presentProvider(row, runtime);
    },
    { role: "identity" },
  );
}
