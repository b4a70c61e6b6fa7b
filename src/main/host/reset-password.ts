import { passwords } from "../../../drizzle/persons";
import { type HostWork, hostWork } from "../../access/host-work";
import { unusablePassword } from "../../identity/passwords";
import { endSessionsOf } from "../../identity/sessions";
import type { OperatorByEmail, OperatorReset } from "./contract";
import { insertPasswordLink, type LinkRuntime } from "./password-link";
import { type Operator, requireOperator } from "./require-operator";

/**
 * Takes somebody's password away and makes the link by which they choose another. Every session of theirs ends. A second
 * factor stays, and is asked for after the link.
 * @throws Refusal `no_such_person`
 */
export function resetPassword(runtime: LinkRuntime, { email }: OperatorByEmail): Promise<OperatorReset> {
  return hostWork(runtime, "operator.resetPassword", async (work) => {
    const operator = await requireOperator(work, email);
    const reset = await forceNewPassword(work, runtime, operator, "password");
    const { organizationId, userId } = operator;
    const { endedSessions } = reset;
    work.audit(
      organizationId,
      "operator.resetPassword",
      { kind: "person", id: userId, name: operator.email },
      { endedSessions },
    );
    return reset;
  });
}

/**
 * From here on only the link lets them in by a password, and unlocks the account; whoever comes by another way has to
 * choose one first.
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
