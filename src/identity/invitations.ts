import { and, desc, eq, isNull, type SQL } from "drizzle-orm";
import { auditEntries } from "#drizzle/audit";
import { invitations, members } from "#drizzle/members";
import { organizations } from "#drizzle/organizations";
import { roles } from "#drizzle/roles";
import { canGive, isAllowed, permissionsOfGrant } from "../access/authorization";
import { findAccountGrant, findHoldings, grantOf } from "../access/member-grants";
import type { Grant, Role } from "../access/permissions";
import { actorColumns } from "../access/refusals";
import type { RequestContext } from "../access/request-context";
import type { Transaction } from "../database/database";
import { violatedConstraint } from "../database/database-errors";
import type { RefusalReason } from "../platform/errors/reasons";
import { Refusal } from "../platform/errors/refusal";
import { isId, newId } from "../platform/ids";
import { hasPassed } from "../platform/moment";
import { hashOfToken, isToken } from "./tokens";

/** Days for which an invitation can be accepted. */
export const invitationDays = 7;

/** An invitation as its link resolves it. */
export interface FoundInvitation {
  readonly invitationId: string;
  readonly organizationId: string;
  readonly organizationName: string;
  readonly root: boolean;
  readonly email: string;
  readonly role: Role | null;
  readonly roleId: string | null;
  readonly permissions: readonly string[] | null;
  readonly invitedBy: string | null;
  readonly expiresAt: Date;
  readonly acceptedAt: Date | null;
  readonly revokedAt: Date | null;
}

/** Why an invitation cannot be accepted. `void`: the sender could not send it now. */
export type InvitationProblem = "accepted" | "revoked" | "expired" | "void";

/**
 * Finds an invitation by its link's token, in a transaction of the role `identity`.
 * @param hold locks it until the transaction ends, so that no concurrent request accepts it
 */
export async function findInvitation(
  tx: Transaction,
  token: string,
  { hold }: { readonly hold: boolean },
): Promise<FoundInvitation | null> {
  if (!isToken(token)) return null;
  const its = eq(invitations.hash, hashOfToken(token));
  if (hold) {
    const held = tx.select({ invitationId: invitations.invitationId }).from(invitations).where(its);
    if ((await held.for("no key update")).length === 0) return null;
  }
  return selectInvitation(tx, its);
}

/** The newest invitation of an address to an organization that was neither accepted nor revoked, locked. */
export async function findInvitationOf(
  tx: Transaction,
  organizationId: string,
  email: string,
): Promise<FoundInvitation | null> {
  const [held] = await tx
    .select({ invitationId: invitations.invitationId })
    .from(invitations)
    .where(pendingInvitations(organizationId, email))
    .orderBy(desc(invitations.invitationId))
    .limit(1)
    .for("no key update");
  return held ? selectInvitation(tx, eq(invitations.invitationId, held.invitationId)) : null;
}

async function selectInvitation(tx: Transaction, its: SQL): Promise<FoundInvitation | null> {
  const [row] = await tx
    .select({
      invitationId: invitations.invitationId,
      organizationId: invitations.organizationId,
      organizationName: organizations.name,
      root: organizations.root,
      email: invitations.email,
      role: invitations.role,
      roleId: invitations.roleId,
      permissions: roles.permissions,
      invitedBy: invitations.invitedBy,
      expiresAt: invitations.expiresAt,
      acceptedAt: invitations.acceptedAt,
      revokedAt: invitations.revokedAt,
    })
    .from(invitations)
    .innerJoin(organizations, eq(organizations.organizationId, invitations.organizationId))
    .leftJoin(roles, and(eq(roles.roleId, invitations.roleId), eq(roles.organizationId, invitations.organizationId)))
    .where(its);
  return row ?? null;
}

/** Why this invitation cannot be accepted now; null if it can. */
export async function problemOf(
  tx: Transaction,
  invitation: FoundInvitation,
  now: Date,
): Promise<InvitationProblem | null> {
  if (invitation.revokedAt !== null) return "revoked";
  if (invitation.acceptedAt !== null) return "accepted";
  if (hasPassed(invitation.expiresAt, now)) return "expired";
  return (await mayStillInvite(tx, invitation)) ? null : "void";
}

/**
 * Whether the sender could send the invitation now: a member who may invite, and has the permissions that they give.
 */
async function mayStillInvite(tx: Transaction, invitation: FoundInvitation): Promise<boolean> {
  if (invitation.invitedBy === null) return true; // the host's command line
  const organization = await grantOfInviter(tx, invitation.organizationId, invitation.invitedBy);
  const inviter = { kind: "commandLine", standing: { organization, project: null } } as const;
  const wanted = permissionsOfGrant(grantOf(invitation), null);
  return isAllowed(inviter, invitation, "invitation:create") && canGive(inviter, invitation, wanted);
}

async function grantOfInviter(tx: Transaction, organizationId: string, invitedBy: string): Promise<Grant | null> {
  if (isId("serviceAccount", invitedBy)) return findAccountGrant(tx, organizationId, invitedBy);
  return (await findHoldings(tx, organizationId, { userId: invitedBy }))?.organization ?? null;
}

const refusals = {
  accepted: "invitation_accepted",
  revoked: "invitation_revoked",
  expired: "invitation_expired",
  void: "invitation_void",
} as const satisfies Readonly<Record<InvitationProblem, RefusalReason>>;

/** @throws Refusal `invitation_accepted`, `invitation_revoked`, `invitation_expired`, `invitation_void` */
export async function requireValidInvitation(tx: Transaction, invitation: FoundInvitation, now: Date): Promise<void> {
  const problem = await problemOf(tx, invitation, now);
  if (problem !== null) throw new Refusal(refusals[problem]);
}

/** No invitation has this token: 404, like any unknown id. */
export function requireInvitation(found: FoundInvitation | null): FoundInvitation {
  if (!found) throw new Refusal("not_found", { kind: "invitation", id: null });
  return found;
}

/** The person who accepts, and their session. */
export interface Acceptance {
  readonly userId: string;
  readonly email: string;
  readonly sessionId: string;
  readonly methods: readonly string[];
}

/**
 * Makes the person who accepts a member, with the role of the invitation, and marks the invitation as accepted; audited
 * in its organization. The invitation is locked and was found valid.
 * @returns the member's id
 * @throws Refusal `already_member`
 */
export async function join(
  tx: Transaction,
  request: Pick<RequestContext, "requestId" | "ip">,
  invitation: FoundInvitation,
  person: Acceptance,
  now: Date,
): Promise<string> {
  const { invitationId, organizationId, role, roleId, email } = invitation;
  const memberId = newId("member");
  await tx
    .insert(members)
    .values({ memberId, organizationId, userId: person.userId, role, roleId, createdAt: now })
    .catch((error: unknown) => orMember(error, person.email));
  await tx.update(invitations).set({ acceptedAt: now }).where(eq(invitations.invitationId, invitationId));
  await tx.insert(auditEntries).values({
    ...actorColumns(request, { kind: "session", ...person }),
    auditId: newId("audit"),
    organizationId,
    action: "invitations.accept",
    outcome: "done",
    objectKind: "invitation",
    objectId: invitationId,
    objectName: email,
    changed: { memberId, role, roleId },
    createdAt: now,
  });
  return memberId;
}

function orMember(error: unknown, email: string): never {
  if (violatedConstraint(error) !== "members_once") throw error;
  throw new Refusal("already_member", { email });
}

/** An address's invitations to an organization that were neither accepted nor revoked, expired or not. */
export function pendingInvitations(organizationId: string, email: string): SQL | undefined {
  return and(
    eq(invitations.organizationId, organizationId),
    eq(invitations.email, email),
    isNull(invitations.acceptedAt),
    isNull(invitations.revokedAt),
  );
}
