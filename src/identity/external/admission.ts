import type { OidcProvider } from "./provider";
import { type Claims, domainOf, type GroupsUnknown, isKnown } from "./provider-claims";

type Lists = Pick<OidcProvider, "allowedEmails" | "allowedDomains" | "allowedGroups">;

/**
 * Checks the provider's allow-lists. A person in one of the three lists may sign in. If all three are empty, everyone
 * may.
 * @returns the reason of a refusal; null for a person who may sign in
 */
export function whyNotAdmitted(
  { allowedEmails, allowedDomains, allowedGroups }: Lists,
  { email, emailVerified, groups }: Claims,
): "email_unverified" | "group_not_allowed" | "email_not_allowed" | GroupsUnknown | null {
  if (allowedEmails.length + allowedDomains.length + allowedGroups.length === 0) return null;
  if (isKnown(groups) && groups.some((group) => allowedGroups.includes(group))) return null;
  if (email !== null && (allowedEmails.includes(email) || allowedDomains.includes(domainOf(email)))) {
    return emailVerified ? null : "email_unverified";
  }
  if (allowedGroups.length === 0) return "email_not_allowed";
  return isKnown(groups) ? "group_not_allowed" : groups;
}

/**
 * Whether changed lists can exclude a person that the former lists allowed: an entry was removed, or there are entries
 * now and all lists were empty before.
 */
export function isNarrower(before: Lists, after: Lists): boolean {
  const all = ({ allowedEmails, allowedDomains, allowedGroups }: Lists) => [
    allowedEmails,
    allowedDomains,
    allowedGroups,
  ];
  const isEmpty = (lists: Lists) => all(lists).every((list) => list.length === 0);
  if (isEmpty(after)) return false;
  if (isEmpty(before)) return true;
  return all(before).some((list, at) => list.some((entry) => !all(after)[at]?.includes(entry)));
}
