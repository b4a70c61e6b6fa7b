import { type Claims, domainOf } from "./claims";
import type { Provider } from "./provider";

type Lists = Pick<Provider, "allowedEmails" | "allowedDomains" | "allowedGroups">;

/**
 * Whether somebody may come in by a provider: whoever is in one of its three lists; everybody, where all are empty.
 * @returns why not; null for who may
 */
export function whyNotAdmitted(
  { allowedEmails, allowedDomains, allowedGroups }: Lists,
  { email, emailVerified, groups }: Claims,
): "email_unverified" | "group_not_allowed" | "email_not_allowed" | null {
  if (allowedEmails.length + allowedDomains.length + allowedGroups.length === 0) return null;
  if (groups.some((group) => allowedGroups.includes(group))) return null;
  if (email !== null && (allowedEmails.includes(email) || allowedDomains.includes(domainOf(email)))) {
    return emailVerified ? null : "email_unverified";
  }
  return allowedGroups.length > 0 ? "group_not_allowed" : "email_not_allowed";
}
