import { z } from "zod";
import { identities } from "../../../drizzle/persons";
import { isAmong } from "../../core/addresses";
import { Unauthenticated } from "../../core/errors";
import { newId } from "../../core/ids";
import type { Transaction } from "../../persistence/database";
import { isTransient, violatedConstraint } from "../../persistence/database-errors";
import type { TrustedHeader } from "../../persistence/runtime";
import type { Attempt } from "../attempt";
import { limits } from "../limits";
import { byEmail, create, type Person, ProviderRefusal } from "../oidc/find-person";
import { findMembership, giveRole, roleOfGroups } from "../oidc/group-roles";
import { handOver, headerProvider } from "../oidc/hand-over";
import { foundingOrganization } from "../oidc/sign-in-by-provider";
import { type OpenedSession, openSession } from "../sessions";
import type { SignInMethod } from "./method";
import { recordRefusedSignIn, recordSignIn } from "./record-sign-in";
import { takeTry } from "./take-try";

const id = "trusted-header";

/** What the sign-in page shows of it: "Sign in with single sign-on". */
export const trustedHeaderButton = { slug: id, name: "single sign-on" } as const;

/**
 * The address that a proxy, which has asked an external provider, puts into a header. Off by default; believed from the
 * proxies that the settings name, by the socket's own address, and from nobody else.
 */
export const trustedHeaderSignIn: SignInMethod = {
  id,
  async signIn(attempt) {
    await takeTry(attempt, limits.signInByAddress, attempt.ip ?? "unknown");
    try {
      return await signInOnce(attempt, restarts);
    } catch (error) {
      if (!(error instanceof ProviderRefusal)) throw error;
      await recordRefusedSignIn(attempt, {
        action: "auth.signIn",
        reason: error.reason,
        person: error.person,
        methods: ["trusted_header"],
      });
      throw new Unauthenticated("sign_in_refused", "Signing in this way did not work.");
    }
  },
};

/** Somebody's first sight twice at once. */
const restarts = 3;

async function signInOnce(attempt: Attempt, left: number): Promise<OpenedSession> {
  const { runtime } = attempt;
  const { trustedHeader } = runtime.signIn;
  const said = readHeaders(attempt, trustedHeader);
  try {
    return await runtime.database.transaction("identity", null, (tx) => signIn(tx, attempt, said));
  } catch (error) {
    if (left === 0 || !(isTransient(error) || violatedConstraint(error) !== null)) throw error;
    return signInOnce(attempt, left - 1);
  }
}

interface Said {
  readonly settings: TrustedHeader;
  readonly email: string;
  readonly name: string | null;
  readonly groups: readonly string[];
}

/** Two headers of one name come as one, with a comma: that is nobody's address. */
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

/** @throws ProviderRefusal `trusted_header_off` | `trusted_header_local` | `trusted_header_peer` | `…_missing` | `…_malformed` */
function readHeaders({ peer, local, headers }: Attempt, settings: TrustedHeader | null): Said {
  if (settings === null) throw new ProviderRefusal("trusted_header_off");
  // At the address for emergencies there is no proxy in between.
  if (local) throw new ProviderRefusal("trusted_header_local");
  if (peer === null || !isAmong(peer, settings.proxies)) throw new ProviderRefusal("trusted_header_peer");
  const text = headers.get(settings.emailHeader);
  if (text === null || text === "") throw new ProviderRefusal("trusted_header_missing");
  const email = Email.safeParse(text);
  if (!email.success) throw new ProviderRefusal("trusted_header_malformed");
  const groups = textOf(headers.get(settings.groupsHeader)).split(/[,;|]/);
  return {
    settings,
    email: email.data,
    name: Name.catch("").parse(textOf(headers.get(settings.nameHeader))) || null,
    groups: groups.map((group) => group.trim()).filter((group) => group !== ""),
  };
}

/** Headers come byte by byte; proxies write UTF-8. */
function textOf(header: string | null): string {
  return Buffer.from(header ?? "", "latin1").toString("utf8");
}

async function signIn(tx: Transaction, attempt: Attempt, { settings, ...said }: Said): Promise<OpenedSession> {
  const now = attempt.runtime.clock.now();
  const existing = await byEmail(tx, said.email);
  if (!existing && !settings.createsPersons) throw new ProviderRefusal("unknown_person");
  const person = existing ?? (await create(tx, said.email, said.name, now));
  const handedOver = existing ? await handOver(tx, person.userId) : null;
  await noteSeen(tx, person, now);
  const { organizationId, role } = await roleInFounding(tx, settings, said, person, now);
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
      ...(role ? { role } : {}),
    },
  });
  return session;
}

/** Remembers that a header named somebody. */
async function noteSeen(tx: Transaction, { userId, email: subject }: Person, now: Date): Promise<void> {
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

/** As for the installation's providers: groups decide, in the founding organization, where the settings say so. */
async function roleInFounding(
  tx: Transaction,
  { groupRoles }: TrustedHeader,
  { groups }: Pick<Said, "groups">,
  person: Person,
  now: Date,
) {
  const decides = Object.keys(groupRoles).length > 0;
  const organizationId = decides ? await foundingOrganization(tx) : null;
  if (organizationId === null) return { organizationId, role: null };
  const to = await roleOfGroups(tx, organizationId, groupRoles, groups);
  if (to) return { organizationId, role: await giveRole(tx, organizationId, person.userId, to, now) };
  if (await findMembership(tx, organizationId, person.userId)) throw new ProviderRefusal("no_role_for_groups", person);
  return { organizationId: null, role: null };
}
