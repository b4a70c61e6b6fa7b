import { passwords } from "#drizzle/persons";
import { type HostWork, hostWork } from "#src/access/host-work";
import { unusablePassword } from "#src/identity/passwords";
import { endSessionsOf } from "#src/identity/sessions";
import type { OperatorByEmail, OperatorReset } from "./contract";
import { insertPasswordLink, type LinkRuntime } from "./password-link";
import { type Operator, requireOperator } from "./require-operator";

/**
 * Removes a person's password and creates a link to choose a new one. All sessions of the person end. A second factor
 * stays, and is required after the link.
 * @throws Refusal `no_such_person`
 */
export function resetPassword(runtime: LinkRuntime, { email }: OperatorByEmail): Promise<OperatorReset> {
  return hostWork(runtime, "operator.resetPassword", async (work) => {
    const operator = await requireOperator(work, email);
    const reset = await forceNewPassword(work, runtime, operator, "password");
    const { organizationId, userId } = operator;
    const { endedSessions } = reset;
    work.audit(organizationId, { kind: "person", id: userId, name: operator.email }, { endedSessions });
    return reset;
  });
}

/**
 * Makes the link the only way to sign in with a password, and unlocks the account. A person who signs in another way
 * must choose a password first.
 */
export async function forceNewPassword(
  work: HostWork,
  runtime: LinkRuntime,
  { userId, email }: Operator,
  purpose: "password" | "second_factor",
): Promise<OperatorReset> {
  const { tx, now } = work;
  const row = { hash: unusablePassword, mustChange: true, changedAt: now };
  await tx
    .insert(passwords)
    .values({ userId, ...row })
    .onConflictDoUpdate({ target: passwords.userId, set: row });
  const endedSessions = await endSessionsOf(tx, userId);
  return { userId, email, endedSessions, ...(await insertPasswordLink(work, runtime, userId, purpose)) };
}
