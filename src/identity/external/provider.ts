import { and, eq, isNull, or, type SQL } from "drizzle-orm";
import { organizations } from "#drizzle/organizations";
import { oidcProviders } from "#drizzle/persons";
import type { Runtime } from "#src/access/runtime";
import type { Transaction } from "#src/database/database";
import type { SealContext } from "#src/database/sealing";
import type { EmailProof } from "#src/platform/contract/email-proofs";

/** The addresses at which this server may call a provider: see `refusedAddress`. */
export type AllowedAddresses = "anywhere" | "local" | "public";

/** A provider as a sign-in needs it. */
export interface OidcProvider {
  readonly providerId: string;
  /** Null for the installation's own providers. */
  readonly organizationId: string | null;
  readonly slug: string;
  readonly name: string;
  readonly issuer: string;
  readonly internalUrl: string | null;
  readonly clientId: string;
  /** Null for a public client. */
  readonly clientSecret: string | null;
  readonly scopes: readonly string[];
  readonly groupsClaim: string;
  readonly allowedEmails: readonly string[];
  readonly allowedDomains: readonly string[];
  readonly allowedGroups: readonly string[];
  readonly groupRoles: Readonly<Record<string, string>>;
  readonly trustedDomains: readonly string[];
  readonly emailProof: EmailProof;
  readonly createsPersons: boolean;
  readonly allowedAddresses: AllowedAddresses;
}

/** The seal context of a provider's client secret. */
export const clientSecretSealContext = (providerId: string): SealContext =>
  `oidc_providers:client_secret_sealed:${providerId}`;

/** The provider of a slug, with its secret decrypted; null if there is none, or it is disabled. */
export async function findProvider(
  { database, sealer }: Pick<Runtime, "database" | "sealer">,
  slug: string,
): Promise<OidcProvider | null> {
  return findProviderWhere({ database, sealer }, and(eq(oidcProviders.slug, slug), eq(oidcProviders.enabled, true)));
}

/** The provider with this id, disabled or not; null if there is none. */
export async function findProviderById(
  runtime: Pick<Runtime, "database" | "sealer">,
  providerId: string,
): Promise<OidcProvider | null> {
  return findProviderWhere(runtime, eq(oidcProviders.providerId, providerId));
}

async function findProviderWhere(
  { database, sealer }: Pick<Runtime, "database" | "sealer">,
  its: SQL | undefined,
): Promise<OidcProvider | null> {
  const [row] = await database.transaction("identity", null, (tx) =>
    tx
      .select({ provider: oidcProviders, upstreams: organizations.upstreams })
      .from(oidcProviders)
      .leftJoin(organizations, eq(organizations.organizationId, oidcProviders.organizationId))
      .where(its),
  );
  if (!row) return null;
  const { clientSecretSealed, enabled: _, createdAt: __, lastRefusal: ___, ...provider } = row.provider;
  return {
    ...provider,
    clientSecret: clientSecretSealed === null ? null : opened(sealer, provider.providerId, clientSecretSealed),
    allowedAddresses: allowedAddressesOf(provider.organizationId, row.upstreams),
  };
}

/**
 * Whether a provider is still the same as when its tokens were requested, which can be seconds ago. Its row is locked,
 * so that a request that disables the provider also ends the session that is opened now.
 */
export async function isStillTrusted(
  tx: Transaction,
  { providerId, issuer, clientId }: Pick<OidcProvider, "providerId" | "issuer" | "clientId">,
): Promise<boolean> {
  const found = await tx
    .select({ providerId: oidcProviders.providerId })
    .from(oidcProviders)
    .where(
      and(
        eq(oidcProviders.providerId, providerId),
        eq(oidcProviders.enabled, true),
        eq(oidcProviders.issuer, issuer),
        eq(oidcProviders.clientId, clientId),
      ),
    )
    .for("share");
  return found.length > 0;
}

function opened(sealer: Runtime["sealer"], providerId: string, sealed: string): string {
  const secret = sealer.open(clientSecretSealContext(providerId), sealed);
  if (!secret.ok) throw new Error(`the client secret of ${providerId} cannot be decrypted: ${secret.reason}`);
  return secret.plaintext;
}

/**
 * The installation's providers can be at any address. An organization's provider has the same limits as its upstreams.
 */
function allowedAddressesOf(organizationId: string | null, upstreams: "any" | "checked" | null): AllowedAddresses {
  if (organizationId === null) return "anywhere";
  return upstreams === "any" ? "local" : "public";
}

/** What the sign-in page shows of a provider. */
export interface SignInButton {
  readonly slug: string;
  readonly name: string;
}

/**
 * The providers that a visitor can choose from: those of the installation and of the root organization, which have the
 * same operator. The providers of another organization are shown only to a visitor who names it, because they could
 * have any display name.
 * @param organization slug of an organization; null for none
 */
export async function listSignInButtons(
  { database }: Pick<Runtime, "database">,
  organization: string | null,
): Promise<SignInButton[]> {
  return database.transaction("identity", null, (tx) =>
    tx
      .select({ slug: oidcProviders.slug, name: oidcProviders.name })
      .from(oidcProviders)
      .leftJoin(organizations, eq(organizations.organizationId, oidcProviders.organizationId))
      .where(
        and(
          eq(oidcProviders.enabled, true),
          or(
            isNull(oidcProviders.organizationId),
            eq(organizations.root, true),
            organization === null ? undefined : eq(organizations.slug, organization),
          ),
        ),
      )
      .orderBy(oidcProviders.createdAt, oidcProviders.providerId)
      .limit(maxButtons),
  );
}

const maxButtons = 50;
