import type { Role } from "../../../src/access/permissions";
import { givenMember } from "../../support/people";
import { givenSession } from "../../support/sessions";
import type { Call, GivenOrganization } from "../../support/world";
import { type Acme, insertKey, insertPerson, insertProjectRole, insertServiceAccount } from "./acme";
import { columns, type Expected, someWords } from "./expected";

/** The part of an answer that every way to call has. */
export type AnyCall = (
  procedure: string,
  input?: unknown,
) => Promise<{
  status: number;
  error: { data: { reason: string } };
  headers: Headers;
}>;

/** One way to ask as somebody. */
export interface Caller {
  readonly title: string;
  readonly as: keyof Expected;
  readonly by: "key" | "session";
  readonly call: AnyCall;
}

/** Every way to be whoever a column of the table is about. */
export async function callersOf(where: Acme): Promise<Caller[]> {
  const { world, acme, beta, roleId, otherProjectId, there } = where;
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

  const wordy = await member(acme, null);
  await world.db.asOwner("update members set role_id = $2 where member_id = $1", [wordy.memberId, roleId]);
  const away = await member(acme, null);
  await insertProjectRole(world, acme, away.memberId, otherProjectId, "owner");
  const owner = await member(acme, "owner");
  const wordyAccount = await insertServiceAccount(world, acme, { role: null, roleId });
  const developers = await insertServiceAccount(world, acme, { role: "developer", roleId: null });

  const made: Caller[] = [
    caller("strangerViewer", "key", "a key", byKey(await beta.key("viewer"))),
    caller("strangerViewer", "session", "a session", await bySession(await member(beta, "viewer"))),
    caller("strangerOwner", "key", "a key", byKey(await beta.key("owner"))),
    caller("strangerOwner", "session", "a session", await bySession(await member(beta, "owner"))),

    caller("elsewhere", "session", "a project's owner", await bySession(away)),
    caller(
      "elsewhere",
      "key",
      "a key for another project",
      byKey(await insertKey(world, acme, builtIn("owner"), { userId: owner.userId, projectId: otherProjectId })),
    ),

    caller("words", "session", "an own role", await bySession(wordy)),
    caller(
      "words",
      "key",
      "an owner's key with scopes",
      byKey(await insertKey(world, acme, { role: null, permissions: someWords }, { userId: owner.userId })),
    ),
    caller(
      "words",
      "key",
      "an owner's key, of an account of an own role",
      byKey(await insertKey(world, acme, builtIn("owner"), { serviceAccountId: wordyAccount })),
    ),

    caller("there", "session", "a project's developer", await bySession(there)),
    caller(
      "there",
      "key",
      "an owner's key, of a project's developer",
      byKey(await insertKey(world, acme, builtIn("owner"), { userId: there.userId })),
    ),

    caller(
      "developer",
      "key",
      "an owner's key, of an account that is a developer",
      byKey(await insertKey(world, acme, builtIn("owner"), { serviceAccountId: developers })),
    ),
  ];
  for (const role of ["viewer", "developer", "admin", "owner"] as const) {
    made.push(caller(role, "key", "a key", byKey(await acme.key(role))));
    made.push(caller(role, "session", "a session", await bySession(await member(acme, role))));
  }
  return made.sort((one, other) => columns.indexOf(one.as) - columns.indexOf(other.as));
}

/** Somebody with a session that may do nothing yet, or has nowhere to. */
export interface HeldBack {
  readonly title: string;
  readonly reason: string;
  /** A new session of somebody new each time: what they do to their own account concerns no other. */
  open(): Promise<{ userId: string; sessionId: string; organizationId: string | null; call: AnyCall }>;
}

/** Owners of Acme all of them, but for something. */
export async function heldBackOf({ world, acme }: Acme): Promise<HeldBack[]> {
  const strict = await world.organization();
  await world.db.asOwner("update organizations set require_second_factor = true where organization_id = $1", [
    strict.organizationId,
  ]);
  // Somebody else, so that whoever leaves is not its last owner.
  await givenMember(world, strict.organizationId, await insertPerson(world), "owner");
  const open =
    (
      organization: GivenOrganization | null,
      options: { stage?: "second_factor"; mustChange?: boolean } = {},
    ): HeldBack["open"] =>
    async () => {
      const person = await insertPerson(world);
      if (organization) await givenMember(world, organization.organizationId, person, "owner");
      if (options.mustChange) {
        await world.db.asOwner(
          "insert into passwords (user_id, hash, changed_at, must_change) values ($1, '!', now(), true)",
          [person.userId],
        );
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
