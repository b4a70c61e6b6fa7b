import { oidcProviders } from "../../../drizzle/persons";

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
