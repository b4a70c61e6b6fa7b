import { and, arrayContains, eq } from "drizzle-orm";
import { users } from "#drizzle/members";
import { sessions } from "#drizzle/persons";
import type { Runtime } from "#src/access/runtime";
import type { Transaction } from "#src/database/database";
import { isTransient, violatedConstraint } from "#src/database/database-errors";
import type { Method } from "../sessions";
import { applyGroups, type RoleChange } from "./apply-groups";
import {
  endWhatGroupsGave,
  type GroupsSeen,
  logLastOwnerKept,
  recordLastOwnerKept,
  recordRoleChange,
  seenBy,
} from "./end-of-groups";
import type { Person } from "./find-person";
import { findMembership, givenByGroups } from "./group-roles";
import { headerProvider } from "./hand-over";
import { isKnown } from "./provider-claims";
import { rootOrganizationId } from "./sign-in-by-provider";
import { type HeaderClaims, headerSource, readHeaders } from "./trusted-header";

/** A request that presents a session, and the connection that it arrived by. */
interface SessionRequest {
  readonly runtime: Runtime;
  readonly requestId: string;
  readonly ip: string | null;
  readonly peer: string | null;
  readonly local: boolean;
  readonly headers: Headers;
  readonly sessionHash: string;
}

/** The number of sessions whose headers are cached, for each database. */
const maxCachedSessions = 10_000;
const remembered = new WeakMap<object, Map<string, string>>();

const restarts = 3;

/**
 * Follows the groups in every request through a trusted proxy. If the header opened the session and the request names
 * other groups than the request before, they are applied at once: the member's role changes, and without any group that
 * gives a role the session ends with everything else that the groups gave. A request without the header, with
 * unreadable groups, or for another person changes nothing.
 */
export async function followTrustedHeader(request: SessionRequest): Promise<void> {
  const { runtime, sessionHash } = request;
  const { trustedHeader } = runtime.signIn;
  if (trustedHeader === null || Object.keys(trustedHeader.groupRoles).length === 0) return;
  const claims = readHeaders(request, trustedHeader);
  if (typeof claims === "string" || !isKnown(claims.groups)) return;
  const text = JSON.stringify([claims.email, claims.groups]);
  const known = remembered.get(runtime.database) ?? new Map<string, string>();
  remembered.set(runtime.database, known);
  if (known.get(sessionHash) === text) return;
  const alarm = await apply(request, claims, claims.groups, restarts);
  if (alarm) logLastOwnerKept(runtime.log, request, headerSource, alarm);
  known.delete(sessionHash);
  known.set(sessionHash, text);
  const [oldest] = known.keys();
  if (known.size > maxCachedSessions && oldest !== undefined) known.delete(oldest);
}

async function apply(
  request: SessionRequest,
  claims: HeaderClaims,
  groups: readonly string[],
  left: number,
): Promise<RoleChange | null> {
  const { runtime, sessionHash } = request;
  try {
    return await runtime.database.transaction("identity", null, async (tx) => {
      const person = await findPerson(tx, sessionHash);
      if (person === null || person.email !== claims.email) return null;
      return applyTo(tx, seenBy(request, runtime.clock.now()), claims, groups, person);
    });
  } catch (error) {
    if (left === 0 || !(isTransient(error) || violatedConstraint(error) !== null)) throw error;
    return apply(request, claims, groups, left - 1);
  }
}

/** The person of the session; null if the header did not open it. */
async function findPerson(tx: Transaction, sessionHash: string): Promise<Person | null> {
  const [row] = await tx
    .select({ userId: users.userId, email: users.email })
    .from(sessions)
    .innerJoin(users, eq(users.userId, sessions.userId))
    .where(and(eq(sessions.hash, sessionHash), arrayContains(sessions.methods, ["trusted_header"] satisfies Method[])));
  return row ?? null;
}

/** @returns the last owner who kept the role, for the alarm */
async function applyTo(
  tx: Transaction,
  seen: GroupsSeen,
  { settings: { groupRoles } }: HeaderClaims,
  groups: readonly string[],
  person: Person,
): Promise<RoleChange | null> {
  const organizationId = await rootOrganizationId(tx);
  if (organizationId === null || !(await findMembership(tx, organizationId, person.userId))) return null;
  const given = await givenByGroups(tx, organizationId, groupRoles, groups);
  if (given === null) {
    const { role } = await endWhatGroupsGave(tx, seen, headerSource, organizationId, person);
    return role?.lastOwnerKept ? role : null;
  }
  const of = { organizationId, userId: person.userId, source: headerProvider, now: seen.now };
  const role = await applyGroups(tx, of, given);
  if (role === null) return null;
  if (role.before !== role.after) await recordRoleChange(tx, seen, headerSource, role, person);
  if (!role.lastOwnerKept) return null;
  await recordLastOwnerKept(tx, seen, headerSource, role, person);
  return role;
}
