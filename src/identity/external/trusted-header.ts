import { and, eq } from "drizzle-orm";
import { z } from "zod";
import { identities } from "#drizzle/persons";
import type { TrustedHeader } from "#src/access/runtime";
import type { Transaction } from "#src/database/database";
import { isTransient, violatedConstraint } from "#src/database/database-errors";
import { Refusal } from "#src/platform/errors/refusal";
import { newId } from "#src/platform/ids";
import { isAmong } from "#src/platform/net/addresses";
import { limits } from "../limits";
import { type OpenedSession, openSession } from "../sessions";
import { countAttempt } from "../sign-in/count-attempt";
import type { SignInMethod } from "../sign-in/method";
import { recordRefusedSignIn, recordSignIn } from "../sign-in/record-sign-in";
import type { SignInContext } from "../sign-in-context";
import { applyGroups, type RoleChange } from "./apply-groups";
import { endWhatGroupsGave, type GroupSource, logLastOwnerKept, recordLastOwnerKept, seenBy } from "./end-of-groups";
import { byEmail, create, type Person, ProviderRefusal } from "./find-person";
import { findMembership, givenByGroups } from "./group-roles";
import { handOver, headerProvider } from "./hand-over";
import { type Claims, isKnown } from "./provider-claims";
import { rootOrganizationId } from "./sign-in-by-provider";

const id = "trusted-header";

/** The button on the sign-in page: "Sign in with single sign-on". */
export const trustedHeaderButton = { slug: id, name: "single sign-on" } as const;

/** The header as a source of groups. */
export const headerSource: GroupSource = { source: headerProvider, name: id, organizationId: null };

/**
 * Signs in by the e-mail address that a proxy, which has authenticated the person at an external provider, puts into a
 * header. Off by default. The header is trusted only from the configured proxies, which are recognized by the address
 * of the socket.
 */
export const trustedHeaderSignIn: SignInMethod = {
  id,
  async signIn(attempt) {
    await countAttempt(attempt, limits.signInByAddress, attempt.ip ?? "unknown");
    try {
      const outcome = await signInOnce(attempt, restarts);
      if (outcome.alarm) logLastOwnerKept(attempt.runtime.log, attempt, headerSource, outcome.alarm);
      if ("refusal" in outcome) throw outcome.refusal;
      return outcome.session;
    } catch (error) {
      if (!(error instanceof ProviderRefusal)) throw error;
      await recordRefusedSignIn(attempt, {
        action: "auth.signIn",
        reason: error.reason,
        person: error.person,
        methods: ["trusted_header"],
      });
      throw new Refusal("single_sign_on_refused");
    }
  },
};

/** Two first sign-ins of a person can run concurrently. */
const restarts = 3;

/** The result of a transaction: a session, or a refusal whose revocations are committed. */
type Outcome =
  | { readonly session: OpenedSession; readonly alarm: RoleChange | null }
  | { readonly refusal: ProviderRefusal; readonly alarm: RoleChange | null };

async function signInOnce(attempt: SignInContext, left: number): Promise<Outcome> {
  const { runtime } = attempt;
  const { trustedHeader } = runtime.signIn;
  const claims = readHeaders(attempt, trustedHeader);
  if (typeof claims === "string") throw new ProviderRefusal(claims);
  try {
    return await runtime.database.transaction("identity", null, (tx) => signIn(tx, attempt, claims));
  } catch (error) {
    if (left === 0 || !(isTransient(error) || violatedConstraint(error) !== null)) throw error;
    return signInOnce(attempt, left - 1);
  }
}

/** The content of a trusted header about a person. */
export interface HeaderClaims {
  readonly settings: TrustedHeader;
  readonly email: string;
  readonly name: string | null;
  readonly groups: Claims["groups"];
}

/** Node joins two headers with one name by a comma. The result is not a valid address. */
const Email = z
  .email()
  .max(254)
  .transform((email) => email.toLowerCase());
const Name = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .refine((name) => !/\p{Cc}|\p{Cs}|�/u.test(name));

type HeaderProblem =
  | "trusted_header_off"
  | "trusted_header_local"
  | "trusted_header_peer"
  | "trusted_header_missing"
  | "trusted_header_malformed";

/** The content of the request's headers, or why they are not trusted. */
export function readHeaders(
  { peer, local, headers }: Pick<SignInContext, "peer" | "local" | "headers">,
  settings: TrustedHeader | null,
): HeaderClaims | HeaderProblem {
  if (settings === null) return "trusted_header_off";
  // Requests to the emergency address do not pass a proxy.
  if (local) return "trusted_header_local";
  if (peer === null || !isAmong(peer, settings.proxies)) return "trusted_header_peer";
  const text = headers.get(settings.emailHeader);
  if (text === null || text === "") return "trusted_header_missing";
  const email = Email.safeParse(text);
  if (!email.success) return "trusted_header_malformed";
  return {
    settings,
    email: email.data,
    name: Name.catch("").parse(textOf(headers.get(settings.nameHeader))) || null,
    groups: readGroups(headers.get(settings.groupsHeader)),
  };
}

/** An empty header means no groups. If the header is absent or not UTF-8, the groups are unknown. */
function readGroups(header: string | null): Claims["groups"] {
  if (header === null) return "groups_missing";
  const text = textOf(header);
  if (text.includes("\u{fffd}")) return "groups_malformed";
  return text
    .split(/[,;|]/)
    .map((group) => group.trim())
    .filter((group) => group !== "");
}

/** Node decodes headers byte by byte; proxies write UTF-8. */
function textOf(header: string | null): string {
  return Buffer.from(header ?? "", "latin1").toString("utf8");
}

async function signIn(
  tx: Transaction,
  attempt: SignInContext,
  { settings, ...claims }: HeaderClaims,
): Promise<Outcome> {
  const now = attempt.runtime.clock.now();
  const existing = await byEmail(tx, claims.email);
  if (!existing && !settings.createsPersons) throw new ProviderRefusal("unknown_person");
  const person = existing ?? (await create(tx, claims.email, claims.name, now));
  const wasSeen = await lockSeen(tx, person);
  const handedOver = existing ? await handOver(tx, person.userId) : null;
  await recordSeen(tx, person, now);
  const concerned = await roleInRoot(tx, attempt, settings, claims.groups, person, existing, now);
  if ("refusal" in concerned) {
    // the header has not given anything yet, and a refusal does not hand over an account
    if (!wasSeen) throw concerned.refusal;
    return concerned;
  }
  const { organizationId, role } = concerned;
  const methods = ["trusted_header"] as const;
  const session = await openSession(tx, attempt, { userId: person.userId, stage: "full", methods, remember: false });
  await recordSignIn(tx, attempt, {
    outcome: "done",
    action: "auth.signIn",
    person,
    sessionId: session.sessionId,
    methods,
    ...(organizationId === null ? {} : { organizationId }),
    changed: {
      ...(existing ? {} : { created: true }),
      ...(handedOver === null ? {} : { handedOver }),
      ...(role && role.before !== role.after ? { role: [role.before, role.after] } : {}),
    },
  });
  return { session, alarm: role?.lastOwnerKept ? role : null };
}

/**
 * Whether the header named this person before. The row is locked, so that two sign-ins of one person run one after the
 * other.
 */
async function lockSeen(tx: Transaction, { email }: Person): Promise<boolean> {
  const seen = await tx
    .select({ identityId: identities.identityId })
    .from(identities)
    .where(and(eq(identities.providerId, headerProvider), eq(identities.subject, email)))
    .for("no key update");
  return seen.length > 0;
}

/** Stores that the header named this person. */
async function recordSeen(tx: Transaction, { userId, email: subject }: Person, now: Date): Promise<void> {
  await tx
    .insert(identities)
    .values({
      identityId: newId("identity"),
      providerId: headerProvider,
      subject,
      userId,
      createdAt: now,
      lastUsedAt: now,
    })
    .onConflictDoUpdate({ target: [identities.providerId, identities.subject], set: { lastUsedAt: now } });
}

/**
 * As for the installation's providers, groups decide the role in the root organization if the settings have roles for
 * groups.
 * @throws ProviderRefusal why the person's groups are unknown
 */
async function roleInRoot(
  tx: Transaction,
  attempt: SignInContext,
  { groupRoles }: TrustedHeader,
  groups: Claims["groups"],
  person: Person,
  known: Person | null,
  now: Date,
): Promise<
  | { readonly organizationId: string | null; readonly role: RoleChange | null }
  | { readonly refusal: ProviderRefusal; readonly alarm: RoleChange | null }
> {
  const decides = Object.keys(groupRoles).length > 0;
  const organizationId = decides ? await rootOrganizationId(tx) : null;
  if (organizationId === null) return { organizationId, role: null };
  if (!isKnown(groups)) throw new ProviderRefusal(groups, known);
  const seen = seenBy(attempt, now);
  const given = await givenByGroups(tx, organizationId, groupRoles, groups);
  if (given) {
    const of = { organizationId, userId: person.userId, source: headerProvider, now };
    const role = await applyGroups(tx, of, given);
    if (role?.lastOwnerKept) await recordLastOwnerKept(tx, seen, headerSource, role, person);
    return { organizationId, role };
  }
  if (!(await findMembership(tx, organizationId, person.userId))) return { organizationId: null, role: null };
  const refusal = new ProviderRefusal("no_role_for_groups", person);
  const { role } = await endWhatGroupsGave(tx, seen, headerSource, organizationId, person);
  return { refusal, alarm: role?.lastOwnerKept ? role : null };
}
