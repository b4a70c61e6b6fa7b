import { eq } from "drizzle-orm";
import { identities, oidcProviders, sessions } from "#drizzle/persons";
import type { Runtime } from "#src/access/runtime";
import { unchanged } from "#src/access/unit-of-work";
import type { Transaction } from "#src/database/database";
import { explainRefusal } from "#src/identity/external/provider-refusals";
import type { Provider } from "./contract";

/** The columns that operations read, without the client secret. */
export const providerColumns = {
  providerId: oidcProviders.providerId,
  slug: oidcProviders.slug,
  name: oidcProviders.name,
  issuer: oidcProviders.issuer,
  internalUrl: oidcProviders.internalUrl,
  clientId: oidcProviders.clientId,
  scopes: oidcProviders.scopes,
  groupsClaim: oidcProviders.groupsClaim,
  allowedEmails: oidcProviders.allowedEmails,
  allowedDomains: oidcProviders.allowedDomains,
  allowedGroups: oidcProviders.allowedGroups,
  groupRoles: oidcProviders.groupRoles,
  trustedDomains: oidcProviders.trustedDomains,
  createsPersons: oidcProviders.createsPersons,
  enabled: oidcProviders.enabled,
  createdAt: oidcProviders.createdAt,
  version: oidcProviders.version,
  emailProof: oidcProviders.emailProof,
  lastRefusal: oidcProviders.lastRefusal,
  organizationId: oidcProviders.organizationId,
};

/** The public form of a provider. Gateways never receive providers. */
export function presentProvider(
  {
    createdAt,
    lastRefusal,
    organizationId,
    ...row
  }: Pick<typeof oidcProviders.$inferSelect, keyof typeof providerColumns>,
  { signIn }: Pick<Runtime, "signIn">,
): Provider {
  return {
    ...row,
    createdAt: createdAt.toISOString(),
    fromSettings: organizationId === null,
    lastRefusal: lastRefusal && { ...lastRefusal, message: explainRefusal(lastRefusal.reason, row) },
    redirectUri: `${signIn.publicOrigin}/api/auth/callback/${row.slug}`,
    sync: { ...unchanged },
  };
}

/** Ends the sessions that a provider opened, when it is disabled or replaced. Returns the number of ended sessions. */
export async function endSessionsOfProvider(tx: Transaction, providerId: string): Promise<number> {
  const ended = await tx
    .delete(sessions)
    .where(eq(sessions.providerId, providerId))
    .returning({ sessionId: sessions.sessionId });
  return ended.length;
}

/** Deletes a provider's links to accounts, because another issuer can give the same identifiers to other people. */
export async function forgetIdentities(tx: Transaction, providerId: string): Promise<void> {
  await tx.delete(identities).where(eq(identities.providerId, providerId));
}
