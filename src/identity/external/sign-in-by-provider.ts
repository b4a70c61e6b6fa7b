import { eq } from "drizzle-orm";
import { invitations, members } from "#drizzle/members";
import { organizations } from "#drizzle/organizations";
import type { Transaction } from "#src/database/database";
import { isTransient, violatedConstraint } from "#src/database/database-errors";
import { newId } from "#src/platform/ids";
import { type OpenedSession, openSession } from "../sessions";
import { recordSignIn } from "../sign-in/record-sign-in";
import type { SignInContext } from "../sign-in-context";
import { whyNotAdmitted } from "./admission";
import { applyGroups, type RoleChange } from "./apply-groups";
import { endWhatGroupsGave, type GroupSource, logLastOwnerKept, recordLastOwnerKept, seenBy } from "./end-of-groups";
import {
  byIdentity,
  findPerson,
  findValidInvitation,
  isMemberAnywhere,
  type Person,
  ProviderRefusal,
} from "./find-person";
import { findMembership, givenByGroups } from "./group-roles";
import { hasOwnCredentials } from "./hand-over";
import { isStillTrusted, type OidcProvider } from "./provider";
import { type Claims, isKnown } from "./provider-claims";
import { recordProviderRefusal } from "./record-refusal";

/** How often the sign-in is retried when two first sign-ins of a person run concurrently. */
const restarts = 3;

/** The result of a transaction: a session, or a refusal whose revocations are committed. */
type Outcome =
  | { readonly session: OpenedSession; readonly alarm: RoleChange | null }
  | { readonly refusal: ProviderRefusal; readonly alarm: RoleChange | null };

/**
 * Signs in the person that a provider has named, by verified tokens. Every refusal is audited here. If groups are gone,
 * the same transaction ends what they gave.
 * @throws ProviderRefusal
 */
export async function signInByProvider(
  attempt: SignInContext,
  provider: OidcProvider,
  claims: Claims,
  remember: boolean,
): Promise<OpenedSession> {
  try {
    const outcome = await decided(attempt, provider, claims, remember);
    if (outcome.alarm) logLastOwnerKept(attempt.runtime.log, attempt, sourceOf(provider), outcome.alarm);
    if ("refusal" in outcome) throw outcome.refusal;
    return outcome.session;
  } catch (error) {
    if (error instanceof ProviderRefusal) {
      await recordProviderRefusal(attempt, provider, error.reason, error.person);
    }
    throw error;
  }
}

async function decided(
  attempt: SignInContext,
  provider: OidcProvider,
  claims: Claims,
  remember: boolean,
): Promise<Outcome> {
  for (let left = restarts; ; left -= 1) {
    try {
      return await attempt.runtime.database.transaction("identity", null, (tx) =>
        signIn(tx, attempt, provider, claims, remember),
      );
    } catch (error) {
      const again = isTransient(error) || violatedConstraint(error) !== null;
      if (!again || left === 0) throw error;
    }
  }
}

async function signIn(
  tx: Transaction,
  attempt: SignInContext,
  provider: OidcProvider,
  claims: Claims,
  remember: boolean,
): Promise<Outcome> {
  const now = attempt.runtime.clock.now();
  if (!(await isStillTrusted(tx, provider))) throw new ProviderRefusal("provider_changed");
  const refused = whyNotAdmitted(provider, claims);
  if (refused !== null) {
    const known = isGroupGone(provider, claims) ? await byIdentity(tx, provider.providerId, claims.subject, now) : null;
    if (known === null) throw new ProviderRefusal(refused);
    return endedByGroups(tx, attempt, provider, new ProviderRefusal(refused, known), known, now);
  }
  const { person, by, handedOver } = await findPerson(tx, provider, claims, now);
  const known = by === "creation" ? null : person;
  const concerned = await membershipOf(tx, provider, claims, person, known, now);
  if (concerned === "no_role_for_groups") {
    const refusal = new ProviderRefusal(concerned, person);
    if (by !== "identity") throw refusal; // the provider has not given anything yet
    return endedByGroups(tx, attempt, provider, refusal, person, now);
  }
  const { organizationId, role, invitationId } = concerned;
  if (role?.lastOwnerKept) {
    await recordLastOwnerKept(tx, seenBy(attempt, now), sourceOf(provider), role, person);
  }
  const methods = ["oidc"] as const;
  const session = await openSession(tx, attempt, {
    userId: person.userId,
    stage: "full",
    methods,
    remember,
    provider,
    ...(provider.organizationId === null ? {} : { organizationId: provider.organizationId }),
  });
  await recordSignIn(tx, attempt, {
    outcome: "done",
    action: "auth.signIn",
    person,
    sessionId: session.sessionId,
    methods,
    ...(organizationId === null ? {} : { organizationId }),
    changed: {
      provider: provider.providerId,
      ...(by === "link" ? { linked: true } : {}),
      ...(handedOver === null ? {} : { handedOver }),
      ...(by === "creation" ? { created: true } : {}),
      ...(role && role.before !== role.after ? { role: [role.before, role.after] } : {}),
      ...(invitationId === undefined ? {} : { invitation: invitationId }),
    },
  });
  return { session, alarm: role?.lastOwnerKept ? role : null };
}

/** Whether the provider admits people by groups, and none of this person's groups is in its list. */
function isGroupGone({ allowedGroups }: OidcProvider, { groups }: Claims): boolean {
  return allowedGroups.length > 0 && isKnown(groups);
}

async function endedByGroups(
  tx: Transaction,
  attempt: SignInContext,
  provider: OidcProvider,
  refusal: ProviderRefusal,
  person: Person,
  now: Date,
): Promise<Outcome> {
  const rolesIn = await organizationOfRoles(tx, provider);
  const { role } = await endWhatGroupsGave(tx, seenBy(attempt, now), sourceOf(provider), rolesIn, person);
  return { refusal, alarm: role?.lastOwnerKept ? role : null };
}

function sourceOf({ providerId, name, organizationId }: OidcProvider): GroupSource {
  return { source: providerId, name, organizationId };
}

/**
 * The organization in which a provider's groups give roles: its own, or the root organization; null if they give none.
 */
async function organizationOfRoles(
  tx: Transaction,
  { organizationId, groupRoles }: Pick<OidcProvider, "organizationId" | "groupRoles">,
): Promise<string | null> {
  if (Object.keys(groupRoles).length === 0) return null;
  return organizationId ?? (await rootOrganizationId(tx));
}

/** The organization that the sign-in is about, and how it changed the role there. */
interface Concerned {
  readonly organizationId: string | null;
  readonly role: RoleChange | null;
  /** The invitation that the sign-in accepted. */
  readonly invitationId?: string;
}

/**
 * If the provider's `groupRoles` has entries, groups decide the role: in the provider's own organization, or, for the
 * installation's providers, in the root organization. A member without any of these groups is refused. An
 * organization's provider signs in only a member, or a person without an organization who is invited or gets a role by
 * a group. A person who belongs to another organization, or can sign in otherwise, becomes a member only by their own
 * action.
 * @throws ProviderRefusal `not_a_member`, or why the person's groups are unknown
 */
async function membershipOf(
  tx: Transaction,
  provider: OidcProvider,
  { groups }: Claims,
  person: Person,
  known: Person | null,
  now: Date,
): Promise<Concerned | "no_role_for_groups"> {
  const { groupRoles, providerId } = provider;
  const decidedIn = await organizationOfRoles(tx, provider);
  const organizationId = provider.organizationId ?? decidedIn;
  if (organizationId === null) return { organizationId: null, role: null };
  if (decidedIn !== null && !isKnown(groups)) throw new ProviderRefusal(groups, known);
  const given = decidedIn !== null && isKnown(groups) ? await givenByGroups(tx, decidedIn, groupRoles, groups) : null;
  const membership = await findMembership(tx, organizationId, person.userId);
  const isStranger = !membership && provider.organizationId !== null && (await isAccountInUse(tx, person.userId));
  if (isStranger) throw new ProviderRefusal("not_a_member", known);
  if (given) {
    const of = { organizationId, userId: person.userId, source: providerId, now };
    return { organizationId, role: await applyGroups(tx, of, given) };
  }
  if (membership && decidedIn !== null) return "no_role_for_groups";
  if (membership) return { organizationId, role: null };
  if (provider.organizationId === null) return { organizationId: null, role: null };
  const invitation = await findValidInvitation(tx, organizationId, person.email, now);
  if (!invitation) throw new ProviderRefusal("not_a_member", known);
  const { invitationId, role, roleId } = invitation;
  await tx.update(invitations).set({ acceptedAt: now }).where(eq(invitations.invitationId, invitationId));
  const memberId = newId("member");
  const { userId } = person;
  await tx.insert(members).values({ memberId, organizationId, userId, role, roleId, createdAt: now });
  const change = { before: null, after: role ?? roleId, membershipEnded: false, keysRevoked: 0, lastOwnerKept: false };
  return { organizationId, role: { organizationId, userId, memberId, ...change }, invitationId };
}

/** Whether an account is in use. Its user need not be the person that the provider means by the address. */
async function isAccountInUse(tx: Transaction, userId: string): Promise<boolean> {
  return (await isMemberAnywhere(tx, userId)) || (await hasOwnCredentials(tx, userId));
}

/** The organization that `setup` created; null before the set-up. */
export async function rootOrganizationId(tx: Transaction): Promise<string | null> {
  const [row] = await tx
    .select({ organizationId: organizations.organizationId })
    .from(organizations)
    .where(eq(organizations.root, true));
  return row?.organizationId ?? null;
}
