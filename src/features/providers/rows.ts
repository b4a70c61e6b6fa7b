import { eq } from "drizzle-orm";
import { identities, oidcProviders, sessions } from "../../../drizzle/persons";
import type { Runtime } from "../../access/runtime";
import { unchanged } from "../../access/unit-of-work";
import type { Transaction } from "../../database/database";
import { explainRefusal } from "../../identity/external/provider-refusals";
import type { Provider } from "./contract";

/** The columns that a verb reads: never the client's secret. */
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
  emailProof: oidcProviders.emailProof,
  lastRefusal: oidcProviders.lastRefusal,
  organizationId: oidcProviders.organizationId,
};

/** The public form of a provider. No gateway ever has to hear of one. */
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

/** Ends what a provider opened: it is turned off, or another one from here on. Returns how many sessions that were. */
export async function endSessionsOfProvider(tx: Transaction, providerId: string): Promise<number> {
  const ended = await tx
    .delete(sessions)
    .where(eq(sessions.providerId, providerId))
    .returning({ sessionId: sessions.sessionId });
  return ended.length;
}

/** Forgets who is who at a provider: another issuer gives the same names to others. */
export async function forgetIdentities(tx: Transaction, providerId: string): Promise<void> {
  await tx.delete(identities).where(eq(identities.providerId, providerId));
}
