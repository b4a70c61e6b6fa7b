import { eq } from "drizzle-orm";
import { invitations } from "../../../drizzle/members";
import { organizations } from "../../../drizzle/organizations";
import type { Transaction } from "../../persistence/database";
import { isTransient, violatedConstraint } from "../../persistence/database-errors";
import type { Attempt } from "../attempt";
import { type OpenedSession, openSession } from "../sessions";
import { recordSignIn } from "../sign-in/record-sign-in";
import { whyNotAdmitted } from "./admission";
import type { Claims } from "./claims";
import { findGoodInvitation, findPerson, isMemberAnywhere, type Person, ProviderRefusal } from "./find-person";
import { findMembership, giveRole, roleOfGroups } from "./group-roles";
import { hasOwnCredentials } from "./hand-over";
import { isStillTrusted, type Provider } from "./provider";
import { recordProviderRefusal } from "./record-refusal";

/** How often it is started again when somebody signed in for the first time twice at once. */
const restarts = 3;

/**
 * Signs in whom a provider has named: its tokens were checked. What goes wrong here is audited here.
 * @throws ProviderRefusal
 */
export async function signInByProvider(
  attempt: Attempt,
  provider: Provider,
  claims: Claims,
  remember: boolean,
): Promise<OpenedSession> {
  for (let left = restarts; ; left -= 1) {
    try {
      return await attempt.runtime.database.transaction("identity", null, (tx) =>
        signIn(tx, attempt, provider, claims, remember),
      );
    } catch (error) {
      if (error instanceof ProviderRefusal) {
        await recordProviderRefusal(attempt, provider, error.reason, error.person);
        throw error;
      }
      const again = isTransient(error) || violatedConstraint(error) !== null;
      if (!again || left === 0) throw error;
    }
  }
}

async function signIn(
  tx: Transaction,
  attempt: Attempt,
  provider: Provider,
  claims: Claims,
  remember: boolean,
): Promise<OpenedSession> {
  const now = attempt.runtime.clock.now();
  if (!(await isStillTrusted(tx, provider))) throw new ProviderRefusal("provider_changed");
  const refused = whyNotAdmitted(provider, claims);
  if (refused !== null) throw new ProviderRefusal(refused);
  const { person, by, handedOver } = await findPerson(tx, provider, claims, now);
  const known = by === "creation" ? null : person;
  const { organizationId, role, invitationId } = await membershipOf(tx, provider, claims, person, known, now);
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
      ...(role ? { role } : {}),
      ...(invitationId === undefined ? {} : { invitation: invitationId }),
    },
  });
  return session;
}

/** Which organization the sign-in is about, and what it changed of the role there. */
interface Concerned {
  readonly organizationId: string | null;
  readonly role: readonly [before: string | null, after: string | null] | null;
  /** That was accepted by it. */
  readonly invitationId?: string;
}

/**
 * Groups decide the role where the provider's `groupRoles` say anything: in its own organization, for the
 * installation's providers in the founding one. Who has none of these groups does not come in there.
 * An organization's provider signs in nobody but who is a member, or belongs nowhere yet and is invited or gets a role
 * by a group: whoever belongs to another organization, or can sign in otherwise, becomes a member by their own act alone.
 * @throws ProviderRefusal `no_role_for_groups` | `not_a_member`
 */
async function membershipOf(
  tx: Transaction,
  provider: Provider,
  { groups }: Claims,
  person: Person,
  known: Person | null,
  now: Date,
): Promise<Concerned> {
  const { groupRoles } = provider;
  const decides = Object.keys(groupRoles).length > 0;
  const organizationId = provider.organizationId ?? (decides ? await foundingOrganization(tx) : null);
  if (organizationId === null) return { organizationId: null, role: null };
  const byGroups = decides ? await roleOfGroups(tx, organizationId, groupRoles, groups) : null;
  const membership = await findMembership(tx, organizationId, person.userId);
  const isStranger = !membership && provider.organizationId !== null && (await isSomebodysAlready(tx, person.userId));
  if (isStranger) throw new ProviderRefusal("not_a_member", known);
  if (byGroups) {
    return { organizationId, role: await giveRole(tx, organizationId, person.userId, byGroups, now) };
  }
  if (membership && decides) throw new ProviderRefusal("no_role_for_groups", person);
  if (membership) return { organizationId, role: null };
  if (provider.organizationId === null) return { organizationId: null, role: null };
  const invitation = await findGoodInvitation(tx, organizationId, person.email, now);
  if (!invitation) throw new ProviderRefusal("not_a_member", known);
  const { invitationId, role, roleId } = invitation;
  await tx.update(invitations).set({ acceptedAt: now }).where(eq(invitations.invitationId, invitationId));
  const given = await giveRole(tx, organizationId, person.userId, { role, roleId }, now);
  return { organizationId, role: given, invitationId };
}

/** Whether an account is in use: whoever uses it need not be whom the provider means by its address. */
async function isSomebodysAlready(tx: Transaction, userId: string): Promise<boolean> {
  return (await isMemberAnywhere(tx, userId)) || (await hasOwnCredentials(tx, userId));
}

/** The organization that `setup` made; null before that. */
export async function foundingOrganization(tx: Transaction): Promise<string | null> {
  const [row] = await tx
    .select({ organizationId: organizations.organizationId })
    .from(organizations)
    .where(eq(organizations.founding, true));
  return row?.organizationId ?? null;
}
