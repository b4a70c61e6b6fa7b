import { asc, eq, isNotNull, sql } from "drizzle-orm";
import { members, users } from "#drizzle/members";
import { organizations } from "#drizzle/organizations";
import { passkeys, passwords, totpSecrets } from "#drizzle/persons";
import type { HostRuntime } from "#src/access/host-work";
import { lockedAccounts } from "#src/identity/account-lockout";
import type { Operators } from "./contract";

type Listed = Operators["operators"][number];

/** Lists all accounts by e-mail address, with the ways in which each can sign in. */
export function listOperators({ database, clock }: HostRuntime): Promise<Operators> {
  return database.transaction("host", null, async (tx) => {
    const people = await tx
      .select({
        userId: users.userId,
        email: users.email,
        name: users.name,
        mustChange: passwords.mustChange,
        totp: sql<boolean>`exists (select 1 from ${totpSecrets} where ${totpSecrets.userId} = ${users.userId} and ${isNotNull(totpSecrets.confirmedAt)})`,
        passkeys: sql<number>`(select count(*)::integer from ${passkeys} where ${passkeys.userId} = ${users.userId})`,
      })
      .from(users)
      .leftJoin(passwords, eq(passwords.userId, users.userId))
      .orderBy(asc(users.email));
    const memberships = await tx
      .select({
        userId: members.userId,
        organizationId: members.organizationId,
        name: organizations.name,
        role: members.role,
      })
      .from(members)
      .innerJoin(organizations, eq(organizations.organizationId, members.organizationId))
      .orderBy(asc(organizations.name), asc(organizations.organizationId));
    const isLocked = await lockedAccounts(tx, clock.now());
    const ofPerson = new Map<string, Listed["organizations"]>();
    for (const { userId, ...membership } of memberships) {
      ofPerson.set(userId, [...(ofPerson.get(userId) ?? []), membership]);
    }
    return {
      operators: people.map(({ mustChange, ...person }) => ({
        ...person,
        password: mustChange === null ? "none" : mustChange ? "must_change" : "set",
        organizations: ofPerson.get(person.userId) ?? [],
        locked: isLocked(person.userId),
      })),
    };
  });
}
