import { and, eq, isNotNull, isNull, ne, or } from "drizzle-orm";
import { members } from "#drizzle/members";
import { organizations } from "#drizzle/organizations";
import { identities, oidcProviders, passkeys, passwords, totpSecrets } from "#drizzle/persons";
import type { Transaction } from "#src/database/database";
import { endLinks } from "../links";
import { unusablePassword } from "../passwords";
import { removeRecoveryCodes } from "../recovery-codes";
import { holdPerson } from "../second-factors";
import { endSessionsOf } from "../sessions";

/** The credentials that opened an account before and no longer do. */
export interface HandedOver {
  readonly password: boolean;
  readonly totp: boolean;
  readonly passkeys: number;
  readonly endedSessions: number;
}

/** The provider under which `identities` stores the people that the trusted header named. */
export const headerProvider = "trusted_header";

/**
 * Hands an account over to the owner of its e-mail address, when a source that the whole installation trusts names that
 * address for the first time. Any holder of an invitation's link can create an account, including the person who
 * created the link. Everything that opened the account before (a password, factors, sessions) is therefore revoked.
 *
 * An owner of the root organization keeps all of it, for emergencies: only another owner, or the host, can have created
 * that account.
 * @returns null if nothing ended
 */
export async function handOver(tx: Transaction, userId: string): Promise<HandedOver | null> {
  if (await isVouchedFor(tx, userId)) return null;
  await holdPerson(tx, userId);
  if (await isRootOwner(tx, userId)) return null;
  const [password] = await tx.delete(passwords).where(eq(passwords.userId, userId)).returning({ hash: passwords.hash });
  const totp = await tx.delete(totpSecrets).where(eq(totpSecrets.userId, userId)).returning({ of: totpSecrets.userId });
  const keys = await tx.delete(passkeys).where(eq(passkeys.userId, userId)).returning({ of: passkeys.passkeyId });
  await removeRecoveryCodes(tx, userId);
  await endLinks(tx, { userId }, "password_change");
  const endedSessions = await endSessionsOf(tx, userId);
  const ended = { password: password !== undefined, totp: totp.length > 0, passkeys: keys.length, endedSessions };
  return ended.password || ended.totp || ended.passkeys + endedSessions > 0 ? ended : null;
}

/** Whether a person can sign in with their own credentials. */
export async function hasOwnCredentials(tx: Transaction, userId: string): Promise<boolean> {
  const usable = and(eq(passwords.userId, userId), ne(passwords.hash, unusablePassword));
  return (await tx.$count(passwords, usable)) + (await tx.$count(passkeys, eq(passkeys.userId, userId))) > 0;
}

/** Whether such a source has named the account's owner before. */
async function isVouchedFor(tx: Transaction, userId: string): Promise<boolean> {
  const installations = and(isNotNull(oidcProviders.providerId), isNull(oidcProviders.organizationId));
  const found = await tx
    .select({ identityId: identities.identityId })
    .from(identities)
    .leftJoin(oidcProviders, eq(oidcProviders.providerId, identities.providerId))
    .where(and(eq(identities.userId, userId), or(eq(identities.providerId, headerProvider), installations)))
    .limit(1);
  return found.length > 0;
}

async function isRootOwner(tx: Transaction, userId: string): Promise<boolean> {
  const found = await tx
    .select({ memberId: members.memberId })
    .from(members)
    .innerJoin(organizations, eq(organizations.organizationId, members.organizationId))
    .where(and(eq(members.userId, userId), eq(members.role, "owner"), eq(organizations.root, true)));
  return found.length > 0;
}
