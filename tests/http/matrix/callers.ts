import { members } from "#drizzle/members";
import { organizations } from "#drizzle/organizations";
import type { Role } from "#src/access/permissions";
import type { Call } from "#tests/support/call-response";
import { givenMember } from "#tests/support/people";
import { passwordRows } from "#tests/support/rows/persons";
import { updateRows } from "#tests/support/rows/table";
import { givenSession } from "#tests/support/sessions";
import type { GivenOrganization } from "#tests/support/world";
import { type Acme, insertKey, insertPerson, insertProjectRole, insertServiceAccount } from "./acme";
import { columns, customPermissions, type Expected } from "./expected";

/** A call with the part of the response that all kinds of calls have in common. */
export type AnyCall = (
  procedure: string,
  input?: unknown,
) => Promise<{
  status: number;
  error: { data: { reason: string } };
  headers: Headers;
}>;

/** One kind of authentication for a column of the matrix. */
export interface Caller {
  readonly title: string;
  readonly as: keyof Expected;
  readonly by: "key" | "session";
  readonly call: AnyCall;
}

/** Returns every caller of every column of the matrix. */
export async function callersOf(fixture: Acme): Promise<Caller[]> {
  const { world, acme, beta, roleId, otherProjectId, projectDeveloper } = fixture;
  const member = async (organization: GivenOrganization, role: Role | null) => {
    const person = await insertPerson(world);
    return { ...person, memberId: await givenMember(world, organization.organizationId, person, role) };
  };
  const bySession = async (person: { userId: string }) => {
    const { browser } = await givenSession(world, person);
    return (procedure: string, input?: unknown) => browser.call(procedure, input);
  };
  const byKey = (key: string): AnyCall => {
    const call: Call = world.callAs(key);
    return (procedure, input) => call(procedure, input);
  };
  const caller = (as: keyof Expected, by: Caller["by"], what: string, call: AnyCall): Caller => ({
    title: `${as}: ${what}`,
    as,
    by,
    call,
  });
  const builtIn = (role: Role) => ({ role, permissions: null });

  const customMember = await member(acme, null);
  await updateRows(world.db.owner, members, { memberId: customMember.memberId }, { roleId });
  const otherProjectOwner = await member(acme, null);
  await insertProjectRole(world, acme, otherProjectOwner.memberId, otherProjectId, "owner");
  const owner = await member(acme, "owner");
  const customAccount = await insertServiceAccount(world, acme, { role: null, roleId });
  const developers = await insertServiceAccount(world, acme, { role: "developer", roleId: null });

  const callers: Caller[] = [
    caller("strangerViewer", "key", "a key", byKey(await beta.key("viewer"))),
    caller("strangerViewer", "session", "a session", await bySession(await member(beta, "viewer"))),
    caller("strangerOwner", "key", "a key", byKey(await beta.key("owner"))),
    caller("strangerOwner", "session", "a session", await bySession(await member(beta, "owner"))),

    caller("otherProject", "session", "an owner of another project", await bySession(otherProjectOwner)),
    caller(
      "otherProject",
      "key",
      "a key for another project",
      byKey(await insertKey(world, acme, builtIn("owner"), { userId: owner.userId, projectId: otherProjectId })),
    ),

    caller("custom", "session", "a custom role", await bySession(customMember)),
    caller(
      "custom",
      "key",
      "an owner's key with scopes",
      byKey(await insertKey(world, acme, { role: null, permissions: customPermissions }, { userId: owner.userId })),
    ),
    caller(
      "custom",
      "key",
      "an owner's key of a service account with a custom role",
      byKey(await insertKey(world, acme, builtIn("owner"), { serviceAccountId: customAccount })),
    ),

    caller("projectDeveloper", "session", "a project developer", await bySession(projectDeveloper)),
    caller(
      "projectDeveloper",
      "key",
      "an owner's key of a project developer",
      byKey(await insertKey(world, acme, builtIn("owner"), { userId: projectDeveloper.userId })),
    ),

    caller(
      "developer",
      "key",
      "an owner's key of a service account that is a developer",
      byKey(await insertKey(world, acme, builtIn("owner"), { serviceAccountId: developers })),
    ),
  ];
  for (const role of ["viewer", "developer", "admin", "owner"] as const) {
    callers.push(caller(role, "key", "a key", byKey(await acme.key(role))));
    callers.push(caller(role, "session", "a session", await bySession(await member(acme, role))));
  }
  return callers.sort((one, other) => columns.indexOf(one.as) - columns.indexOf(other.as));
}

/** A session that cannot act yet, or that has no organization. */
export interface RestrictedSession {
  readonly title: string;
  readonly reason: string;
  /** Opens a session of a new person, because each call may change the account. */
  open(): Promise<{ userId: string; sessionId: string; organizationId: string | null; call: AnyCall }>;
}

/** Returns one restricted session per reason. Apart from the restriction, the persons are owners. */
export async function restrictedSessionsOf({ world, acme }: Acme): Promise<RestrictedSession[]> {
  const strict = await world.organization();
  await updateRows(
    world.db.owner,
    organizations,
    { organizationId: strict.organizationId },
    { requireSecondFactor: true },
  );
  // A second owner, so that a person who leaves is not the last owner.
  await givenMember(world, strict.organizationId, await insertPerson(world), "owner");
  const open =
    (
      organization: GivenOrganization | null,
      options: { stage?: "second_factor"; mustChange?: boolean } = {},
    ): RestrictedSession["open"] =>
    async () => {
      const person = await insertPerson(world);
      if (organization) await givenMember(world, organization.organizationId, person, "owner");
      if (options.mustChange) {
        await passwordRows.insert(world.db.owner, { userId: person.userId, mustChange: true });
      }
      const { sessionId, browser } = await givenSession(world, person, options.stage ? { stage: options.stage } : {});
      const call: AnyCall = (procedure, input) => browser.call(procedure, input);
      return { ...person, sessionId, organizationId: organization?.organizationId ?? null, call };
    };
  return [
    {
      title: "waits for a second factor",
      reason: "second_factor_required",
      open: open(acme, { stage: "second_factor" }),
    },
    { title: "has to change a password", reason: "password_change_required", open: open(acme, { mustChange: true }) },
    { title: "has to enrol a factor", reason: "second_factor_enrolment_required", open: open(strict) },
    { title: "is a member of nothing", reason: "no_organization", open: open(null) },
  ];
}
