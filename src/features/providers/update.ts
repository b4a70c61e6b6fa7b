import { and, eq } from "drizzle-orm";
import { oidcProviders } from "#drizzle/persons";
import { unitOfWork } from "#src/access/unit-of-work";
import { isNarrower } from "#src/identity/external/admission";
import type { RoleChange } from "#src/identity/external/apply-groups";
import { logLastOwnerKept, reapplyGroups } from "#src/identity/external/end-of-groups";
import { isSameIssuer } from "#src/identity/external/endpoints";
import { clientSecretSealContext } from "#src/identity/external/provider";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { Provider, UpdateProvider } from "./contract";
import { provider } from "./resource";
import { endSessionsOfProvider, forgetIdentities, presentProvider, providerColumns } from "./rows";
import { requireProvable, requireProviderAllowed } from "./rules";

/**
 * Changes a provider. If it is disabled, or gets another issuer or narrower allow-lists, the sessions that it opened
 * end. With another issuer, all links to accounts are deleted, and what its groups gave ends. Other roles for its
 * groups are applied at once, by the groups that it sent last.
 * @throws Refusal `provider_above_own`
 * @throws Refusal `address_refused` | `internal_url_not_allowed` | `unknown_role` | `trusted_domains_missing` |
 * `issuer_of_many_tenants`
 */
export const update = operation(
  {
    name: "providers.update",
    summary: "Change the configuration of an identity provider",
    permission: "provider:update",
    on: provider,
    input: UpdateProvider,
    output: Provider,
    errors: [
      "address_refused",
      "internal_url_not_allowed",
      "issuer_of_many_tenants",
      "provider_above_own",
      "trusted_domains_missing",
      "unknown_role",
    ],
    rest: { method: "PATCH", path: "/providers/{providerId}" },
  },
  async (authorized, { providerId: _, clientSecret, ...given }) => {
    const { runtime, requestId, ip } = authorized.request;
    const alarms: RoleChange[] = [];
    const provider = await unitOfWork(
      authorized,
      async (work) => {
        await requireProviderAllowed(work, given);
        const { tx, organizationId } = work;
        const { providerId } = work.authorized.object;
        const self = and(eq(oidcProviders.providerId, providerId), eq(oidcProviders.organizationId, organizationId));
        const [before] = await tx.select(providerColumns).from(oidcProviders).where(self).for("no key update");
        if (!before) throw new Refusal("not_found", authorized.named);
        const wanted = Object.entries(given).filter(([, value]) => value !== undefined);
        const changes = Object.fromEntries(
          wanted.filter(([field, value]) => JSON.stringify(Reflect.get(before, field)) !== JSON.stringify(value)),
        );
        requireProvable({ ...before, ...changes });
        const [row] = await tx
          .update(oidcProviders)
          .set({
            name: before.name,
            ...changes,
            ...(clientSecret === undefined
              ? {}
              : {
                  clientSecretSealed:
                    clientSecret === null
                      ? null
                      : runtime.sealer.seal(clientSecretSealContext(providerId), clientSecret),
                }),
          })
          .where(self)
          .returning(providerColumns);
        if (!row) throw new Refusal("not_found", authorized.named);
        const isAnother = !isSameIssuer(row.issuer, before.issuer);
        alarms.length = 0;
        if (isAnother || changes.groupRoles !== undefined) {
          const seen = { requestId, ip, now: work.now, installationId: runtime.installationId };
          const from = { source: providerId, name: row.name, organizationId };
          alarms.push(...(await reapplyGroups(tx, seen, from, organizationId, isAnother ? null : row.groupRoles)));
        }
        if (isAnother) await forgetIdentities(tx, providerId);
        const isClosed = isAnother || !row.enabled || isNarrower(before, row);
        const ended = isClosed ? await endSessionsOfProvider(tx, providerId) : 0;
        work.audit(
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
    for (const kept of alarms) logLastOwnerKept(runtime.log, authorized.request, { source: provider.providerId }, kept);
    return provider;
  },
);
