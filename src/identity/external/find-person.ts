import { and, eq } from "drizzle-orm";
import { members, users } from "#drizzle/members";
import { identities } from "#drizzle/persons";
import type { Transaction } from "#src/database/database";
import { newId } from "#src/platform/ids";
import { type FoundInvitation, findInvitationOf, problemOf } from "../invitations";
import { type HandedOver, handOver } from "./hand-over";
import type { OidcProvider } from "./provider";
import { type Claims, domainOf } from "./provider-claims";

export interface Person {
  readonly userId: string;
  readonly email: string;
}

/** The person, and how they were found. */
export interface Found {
  readonly person: Person;
  readonly by: "identity" | "link" | "creation";
  /** The credentials that opened a linked account before and no longer do. */
  readonly handedOver: HandedOver | null;
}

/** A refused sign-in, with the true reason. `person` is set if the affected person is known. */
export class ProviderRefusal extends Error {
  override readonly name = "ProviderRefusal";
  constructor(
    readonly reason: string,
    readonly person: Person | null = null,
  ) {
    super(reason);
  }
}

/**
 * Finds the person for the provider's subject. At the first sign-in this is the person with the verified address, if
 * the provider is trusted for its domain, or a new person, if the provider may create people. An existing account is
 * handed over to them, see `handOver`.
 * @throws ProviderRefusal
 */
export async function findPerson(tx: Transaction, provider: OidcProvider, claims: Claims, now: Date): Promise<Found> {
  const known = await byIdentity(tx, provider.providerId, claims.subject, now);
  if (known) return { person: known, by: "identity", handedOver: null };
  const { email, emailVerified, name, subject } = claims;
  if (email === null) throw new ProviderRefusal("email_missing");
  if (!emailVerified) throw new ProviderRefusal("email_unverified");
  const existing = await byEmail(tx, email);
  if (existing && !provider.trustedDomains.includes(domainOf(email))) {
    throw new ProviderRefusal("email_domain_not_trusted", existing);
  }
  if (!existing && !provider.createsPersons) throw new ProviderRefusal("unknown_person");
  const person = existing ?? (await create(tx, email, name, now));
  // An organization's provider opens its own sessions, and changes nothing outside that organization.
  const handedOver = existing && provider.organizationId === null ? await handOver(tx, person.userId) : null;
  await tx.insert(identities).values({
    identityId: newId("identity"),
    providerId: provider.providerId,
    subject,
    userId: person.userId,
    createdAt: now,
    lastUsedAt: now,
  });
  return { person, by: existing ? "link" : "creation", handedOver };
}

export async function isMemberAnywhere(tx: Transaction, userId: string): Promise<boolean> {
  const found = await tx
    .select({ memberId: members.memberId })
    .from(members)
    .where(eq(members.userId, userId))
    .limit(1);
  return found.length > 0;
}

/**
 * The person for a provider's subject. The row is locked, so that two sign-ins of one person run one after the other.
 */
export async function byIdentity(
  tx: Transaction,
  providerId: string,
  subject: string,
  now: Date,
): Promise<Person | null> {
  const [used] = await tx
    .update(identities)
    .set({ lastUsedAt: now })
    .where(and(eq(identities.providerId, providerId), eq(identities.subject, subject)))
    .returning({ userId: identities.userId });
  if (!used) return null;
  const [person] = await tx
    .select({ userId: users.userId, email: users.email })
    .from(users)
    .where(eq(users.userId, used.userId));
  return person ?? null;
}

export async function byEmail(tx: Transaction, email: string): Promise<Person | null> {
  const [row] = await tx.select({ userId: users.userId, email: users.email }).from(users).where(eq(users.email, email));
  return row ?? null;
}

export async function create(tx: Transaction, email: string, name: string | null, now: Date): Promise<Person> {
  const userId = newId("user");
  await tx.insert(users).values({ userId, email, name, createdAt: now });
  return { userId, email };
}

/** An invitation of an address that can be accepted now, because its sender could still send it. */
export async function findValidInvitation(
  tx: Transaction,
  organizationId: string,
  email: string,
  now: Date,
): Promise<FoundInvitation | null> {
  const found = await findInvitationOf(tx, organizationId, email);
  return found && (await problemOf(tx, found, now)) === null ? found : null;
}
