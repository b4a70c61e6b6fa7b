import { oidcProviders } from "#drizzle/persons";
import { unitOfWork } from "#src/access/unit-of-work";
import { clientSecretSealContext } from "#src/identity/external/provider";
import { operation } from "#src/operations/operation";
import { caller } from "#src/operations/subject";
import { newId } from "#src/platform/ids";
import { slugOf } from "#src/platform/slugs";
import { CreateProvider, Provider } from "./contract";
import { presentProvider, providerColumns } from "./rows";
import { requireProvable, requireProviderAllowed } from "./rules";

/**
 * Adds an OpenID Connect provider that signs people in to this organization only. Its slug has a random suffix, so that
 * it cannot take the redirect URI of a provider of another organization or of the settings.
 * @throws Refusal `provider_above_own`
 * @throws Refusal `address_refused` | `internal_url_not_allowed` | `unknown_role` | `trusted_domains_missing` |
 * `issuer_of_many_tenants`
 */
export const create = operation(
  {
    name: "providers.create",
    summary: "Add an identity provider (OpenID Connect)",
    permission: "provider:create",
    on: caller,
    input: CreateProvider,
    output: Provider,
    errors: [
      "address_refused",
      "internal_url_not_allowed",
      "issuer_of_many_tenants",
      "provider_above_own",
      "trusted_domains_missing",
      "unknown_role",
    ],
    rest: { method: "POST", path: "/providers", status: 201 },
  },
  async (authorized, { clientSecret, ...input }) => {
    const { runtime } = authorized.request;
    return unitOfWork(
      authorized,
      async (work) => {
        await requireProviderAllowed(work, input);
        requireProvable(input);
        const providerId = newId("provider");
        const [row] = await work.tx
          .insert(oidcProviders)
          .values({
            ...input,
            providerId,
            organizationId: work.organizationId,
            slug: `${slugOf(input.name).slice(0, 30).replace(/-$/, "")}-${runtime.random(5).toString("hex")}`,
            clientSecretSealed:
              clientSecret === undefined
                ? null
                : runtime.sealer.seal(clientSecretSealContext(providerId), clientSecret),
            createdAt: work.now,
          })
          .returning(providerColumns);
        if (!row) throw new Error("the inserted provider was not returned");
        const { providerId: _, createdAt: __, lastRefusal: ___, organizationId: ____, ...shown } = row;
        work.audit({ kind: "provider", id: providerId, name: row.name }, shown);
        return presentProvider(row, runtime);
      },
      { lock: "share" },
    );
  },
);
