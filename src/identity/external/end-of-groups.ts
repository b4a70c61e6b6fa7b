import { and, arrayContains, eq, isNull, ne, or, sql } from "drizzle-orm";
import type { Logger } from "pino";
import { auditEntries } from "#drizzle/audit";
import { memberRoles, members, users } from "#drizzle/members";
import { identities, oidcProviders, sessions } from "#drizzle/persons";
import { rowsOf, type Transaction } from "#src/database/database";
import { newId } from "#src/platform/ids";
import type { Method } from "../sessions";
import type { SignInContext } from "../sign-in-context";
import { applyGroups, type GroupsOf, type RoleChange } from "./apply-groups";
import type { Person } from "./find-person";
import { givenByGroups } from "./group-roles";
import { hasOwnCredentials, headerProvider } from "./hand-over";

/** A provider or the trusted header, as a source of groups. */
export interface GroupSource {
  /** A provider's id, or `trusted_header`. */
  readonly source: string;
  /** Its name in the audit log. */
  readonly name: string;
  /** The organization that owns the provider; null for a source of the installation. */
  readonly organizationId: string | null;
}

/** The request that showed the current groups. */
export interface GroupsSeen {
  readonly requestId: string;
  readonly ip: string | null;
  readonly now: Date;
  /** The log that is used if no organization is concerned. */
  readonly installationId: string;
}

export function seenBy(
  { runtime, requestId, ip }: Pick<SignInContext, "runtime" | "requestId" | "ip">,
  now: Date,
): GroupsSeen {
  return { requestId, ip, now, installationId: runtime.installationId };
}

/** What ended because the person no longer has the groups that gave it. */
export interface EndedByGroups {
  readonly role: RoleChange | null;
  readonly endedSessions: number;
  readonly keysRevoked: number;
}

/**
 * Ends at once what the groups of a source gave a person: the role or the membership, the sessions that the source
 * opened, the keys that were created in them, and all keys of a person who has no other way to sign in. Audited in the
 * same transaction.
 * @param rolesIn the organization in which the source's groups give roles; null if they give none
 */
export async function endWhatGroupsGave(
  tx: Transaction,
  seen: GroupsSeen,
  from: GroupSource,
  rolesIn: string | null,
  person: Person,
): Promise<EndedByGroups> {
  const { userId } = person;
  const { source, organizationId } = from;
  const before = await tx.$count(sessions, eq(sessions.userId, userId));
  const of = (organization: string): GroupsOf => ({ organizationId: organization, userId, source, now: seen.now });
  const role = rolesIn === null ? null : await applyGroups(tx, of(rolesIn), null);
  // The creation of a key locks this row. Either the key exists here and is revoked, or its session has ended when it
  // is created.
  await tx.select({ of: members.memberId }).from(members).where(eq(members.userId, userId)).for("no key update");
  await tx.delete(sessions).where(and(eq(sessions.userId, userId), openedBy(source)));
  const isOnlyWay = !(await hasOtherWay(tx, from, userId));
  const [keys] = rowsOf<{ revoked: number }>(
    await tx.execute(
      sql`select portcullis_end_keys_of_provider(${userId}::text, ${source}::text, ${organizationId}::text, ${isOnlyWay}::boolean, ${seen.now.toISOString()}::timestamptz) as revoked`,
    ),
  );
  const ended = {
    role,
    endedSessions: before - (await tx.$count(sessions, eq(sessions.userId, userId))),
    keysRevoked: (role?.keysRevoked ?? 0) + (keys?.revoked ?? 0),
  };
  if (role !== null || ended.endedSessions + ended.keysRevoked > 0) {
    await record(tx, seen, from, rolesIn ?? organizationId, "members.groupsGone", person, {
      ...(role && role.before !== role.after ? { role: [role.before, role.after] } : {}),
      ...(role?.membershipEnded ? { membershipEnded: true } : {}),
      endedSessions: ended.endedSessions,
      keysRevoked: ended.keysRevoked,
    });
  }
  if (role?.lastOwnerKept) await recordLastOwnerKept(tx, seen, from, role, person);
  return ended;
}

/**
 * Applies the last seen groups of a source to everyone who has a role from them, after a change of the roles that the
 * groups give.
 * @param groupRoles null: the source itself was removed
 * @returns the last owners who kept the role, for the alarm
 */
export async function reapplyGroups(
  tx: Transaction,
  seen: GroupsSeen,
  from: GroupSource,
  rolesIn: string,
  groupRoles: Readonly<Record<string, string>> | null,
): Promise<RoleChange[]> {
  const rows = await tx
    .select({ userId: users.userId, email: users.email, groups: memberRoles.groups })
    .from(memberRoles)
    .innerJoin(members, eq(members.memberId, memberRoles.memberId))
    .innerJoin(users, eq(users.userId, members.userId))
    .where(and(eq(memberRoles.source, from.source), eq(memberRoles.organizationId, rolesIn)));
  const kept: RoleChange[] = [];
  for (const { groups, ...person } of rows) {
    // Earlier versions did not store groups, so they are unknown here. The next sign-in shows them.
    if (groupRoles !== null && groups.length === 0) continue;
    const given = groupRoles === null ? null : await givenByGroups(tx, rolesIn, groupRoles, groups);
    const of = { organizationId: rolesIn, userId: person.userId, source: from.source, now: seen.now };
    const change = await applyGroups(tx, of, given);
    if (given === null) await tx.delete(sessions).where(and(eq(sessions.userId, person.userId), openedBy(from.source)));
    if (change === null) continue;
    if (change.before !== change.after || change.membershipEnded) {
      await recordRoleChange(tx, seen, from, change, person);
    }
    if (!change.lastOwnerKept) continue;
    await recordLastOwnerKept(tx, seen, from, change, person);
    kept.push(change);
  }
  return kept;
}

/** Records the alarm in the audit log that a member is still owner, although no group gives this role now. */
export async function recordLastOwnerKept(
  tx: Transaction,
  seen: GroupsSeen,
  from: GroupSource,
  { organizationId, before }: RoleChange,
  person: Person,
): Promise<void> {
  await record(tx, seen, from, organizationId, "members.lastOwnerKept", person, { role: before });
}

/** Records in the audit log a role that followed the groups outside of a sign-in. */
export async function recordRoleChange(
  tx: Transaction,
  seen: GroupsSeen,
  from: GroupSource,
  { organizationId, before, after, membershipEnded, keysRevoked }: RoleChange,
  person: Person,
): Promise<void> {
  const action = membershipEnded ? "members.groupsGone" : "members.groupsChanged";
  await record(tx, seen, from, organizationId, action, person, {
    role: [before, after],
    ...(membershipEnded ? { membershipEnded, keysRevoked } : {}),
  });
}

/** Logs the alarm in the log of the process. Call it after the transaction. */
export function logLastOwnerKept(
  log: Logger,
  { requestId }: Pick<GroupsSeen, "requestId">,
  { source }: Pick<GroupSource, "source">,
  { organizationId, userId }: Pick<RoleChange, "organizationId" | "userId">,
): void {
  log.error(
    { requestId, provider: source, organizationId, userId },
    "the last owner of an organization keeps the role, although the provider's groups no longer give it. Give another member the role owner, then remove this one",
  );
}

/** Records what a source's groups changed, in the log of an organization or of the installation. */
async function record(
  tx: Transaction,
  { requestId, ip, now, installationId }: GroupsSeen,
  { source, name }: GroupSource,
  organizationId: string | null,
  action: string,
  { userId, email }: Person,
  changed: Record<string, unknown>,
): Promise<void> {
  await tx.insert(auditEntries).values({
    auditId: newId("audit"),
    organizationId: organizationId ?? installationId,
    actorKind: "system",
    actorId: source,
    actorName: name,
    requestId,
    ip,
    action,
    outcome: "done",
    objectKind: "person",
    objectId: userId,
    objectName: email,
    changed: { provider: source, ...changed },
    createdAt: now,
  });
}

function openedBy(source: string) {
  return source === headerProvider
    ? arrayContains(sessions.methods, ["trusted_header"] satisfies Method[])
    : eq(sessions.providerId, source);
}

/**
 * Whether a person can sign in without this source: with their own credentials, or by another source that counts here.
 */
async function hasOtherWay(tx: Transaction, { source, organizationId }: GroupSource, userId: string): Promise<boolean> {
  if (await hasOwnCredentials(tx, userId)) return true;
  const counts = or(
    isNull(oidcProviders.organizationId),
    organizationId === null ? undefined : eq(oidcProviders.organizationId, organizationId),
  );
  const others = await tx
    .select({ identityId: identities.identityId })
    .from(identities)
    .innerJoin(oidcProviders, eq(oidcProviders.providerId, identities.providerId))
    .where(
      and(eq(identities.userId, userId), ne(identities.providerId, source), eq(oidcProviders.enabled, true), counts),
    )
    .limit(1);
  return others.length > 0;
}
