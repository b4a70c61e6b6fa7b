import { users } from "#drizzle/members";
import { passwords } from "#drizzle/persons";
import type { Transaction } from "#src/database/database";
import { violatedConstraint } from "#src/database/database-errors";
import { Name } from "#src/platform/contract/fields";
import { Refusal } from "#src/platform/errors/refusal";
import { newId } from "#src/platform/ids";
import { type FoundInvitation, findInvitation, join, requireInvitation, requireValidInvitation } from "../invitations";
import { limits } from "../limits";
import { hashPassword, requireAcceptablePassword } from "../passwords";
import { type OpenedSession, openSession } from "../sessions";
import type { SignInContext } from "../sign-in-context";
import { countAttempt } from "./count-attempt";
import type { Fields, SignInMethod } from "./method";
import { recordRefusedSignIn, recordSignIn } from "./record-sign-in";

/**
 * Accepts an invitation for a new person: creates the account with the invited address and the password that they
 * choose. A person with an account has to sign in first. The password is judged before the account is looked up, so
 * that only a request that would have created the account learns that it exists.
 * @throws Refusal `not_found` no such invitation | `invitation_…` it is no longer valid, or `sign_in_first` |
 * `weak_password`
 */
export const invitationSignIn: SignInMethod = {
  id: "invitation",
  async signIn(attempt: SignInContext, fields: Fields) {
    await countAttempt(attempt, limits.signInByAddress, attempt.ip ?? "unknown");
    const { database } = attempt.runtime;
    const token = fields.token ?? "";
    const found = await database.transaction("identity", null, (tx) => findInvitation(tx, token, { hold: false }));
    try {
      return await accept(attempt, requireInvitation(found), fields);
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      await recordRefusedSignIn(attempt, {
        action: "invitations.accept",
        reason: refusal.reason,
        person: null,
        methods: ["link"],
        ...(found ? { organizationId: found.organizationId, changed: { invitationId: found.invitationId } } : {}),
      });
      throw refusal;
    }
  },
};

async function accept(
  attempt: SignInContext,
  found: FoundInvitation,
  { token = "", password = "", name: typedName }: Fields,
): Promise<OpenedSession> {
  const { database, clock } = attempt.runtime;
  const { email } = found;
  const name = requireName(typedName);
  await database.transaction("identity", null, (tx) => requireValidInvitation(tx, found, clock.now()));
  await requireAcceptablePassword(password, email);
  const hash = await hashPassword(password, { known: found.invitationId });
  return database.transaction("identity", null, async (tx) => {
    const now = clock.now();
    const invitation = requireInvitation(await findInvitation(tx, token, { hold: true }));
    await requireValidInvitation(tx, invitation, now);
    const userId = newId("user");
    await tx.insert(users).values({ userId, email, name, createdAt: now }).catch(orKnown);
    await tx.insert(passwords).values({ userId, hash, changedAt: now });
    return open(tx, attempt, invitation, userId);
  });
}

async function open(
  tx: Transaction,
  attempt: SignInContext,
  invitation: FoundInvitation,
  userId: string,
): Promise<OpenedSession> {
  const { email, organizationId } = invitation;
  const person = { userId, email };
  const methods = ["link"] as const;
  const session = await openSession(tx, attempt, { userId, stage: "full", methods, remember: false, organizationId });
  const { sessionId } = session;
  await join(tx, attempt, invitation, { ...person, sessionId, methods }, attempt.runtime.clock.now());
  await recordSignIn(tx, attempt, {
    outcome: "done",
    action: "auth.signIn",
    person,
    sessionId,
    methods,
    organizationId,
  });
  return session;
}

/** @throws Refusal `invalid_input` */
function requireName(text: string | undefined): string | null {
  if (text === undefined || text.trim() === "") return null;
  const name = Name.safeParse(text);
  if (name.success) return name.data;
  throw new Refusal("invalid_input", { fields: { name: "invalid" } });
}

function orKnown(error: unknown): never {
  if (!violatedConstraint(error)?.startsWith("users_email")) throw error;
  throw new Refusal("sign_in_first");
}
