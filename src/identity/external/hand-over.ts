import { and, eq, isNotNull, isNull, ne, or } from "drizzle-orm";
import { members } from "../../../drizzle/members";
import { organizations } from "../../../drizzle/organizations";
import { identities, oidcProviders, passkeys, passwords, totpSecrets } from "../../../drizzle/persons";
import type { Transaction } from "../../database/database";
import { endLinks } from "../links";
import { unusablePassword } from "../passwords";
import { removeRecoveryCodes } from "../recovery-codes";
import { holdPerson } from "../second-factors";
import { endSessionsOf } from "../sessions";

/** What opened an account, and does not any more. */
export interface HandedOver {
  readonly password: boolean;
  readonly totp: boolean;
  readonly passkeys: number;
  readonly endedSessions: number;
}

/** Under which `identities` has whom the trusted header named. */
export const headerProvider = "trusted_header";

/**
 * Gives an account to whoever has its address, by the first word of a source that the whole installation trusts. An
 * invitation's link makes an account for whoever opens it, also for who made the link: so what opened it before, a
 * password, factors, sessions, is worth nothing from here on.
 *
 * An owner of the root organization keeps all of it, for emergencies: nobody but an owner, or the host, made that one.
 * @returns null where nothing ended
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

/** Whether somebody can sign in with what they hold themselves. */
export async function hasOwnCredentials(tx: Transaction, userId: string): Promise<boolean> {
  const usable = and(eq(passwords.userId, userId), ne(passwords.hash, unusablePassword));
  return (await tx.$count(passwords, usable)) + (await tx.$count(passkeys, eq(passkeys.userId, userId))) > 0;
}

/** Whether such a source has named its owner before. */
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
