import { eq } from "drizzle-orm";
import { passkeys, recoveryCodes, totpSecrets } from "#drizzle/persons";
import { hostWork } from "#src/access/host-work";
import type { OperatorByEmail, OperatorReset } from "./contract";
import type { LinkRuntime } from "./password-link";
import { requireOperator } from "./require-operator";
import { forceNewPassword } from "./reset-password";

/**
 * Removes the second factors and passkeys of a person. The password alone must not suffice afterwards, so it is also
 * removed, and a link lets the person choose a new one. All sessions of the person end.
 * @throws Refusal `no_such_person`
 */
export function resetSecondFactor(runtime: LinkRuntime, { email }: OperatorByEmail): Promise<OperatorReset> {
  return hostWork(runtime, "operator.resetSecondFactor", async (work) => {
    const operator = await requireOperator(work, email);
    const { organizationId, userId } = operator;
    const { tx } = work;
    const totp = await tx.delete(totpSecrets).where(eq(totpSecrets.userId, userId)).returning();
    const codes = await tx.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId)).returning();
    const keys = await tx.delete(passkeys).where(eq(passkeys.userId, userId)).returning();
    const reset = await forceNewPassword(work, runtime, operator, "second_factor");
    const removed = { totp: totp.length > 0, recoveryCodes: codes.length, passkeys: keys.length };
    const { endedSessions } = reset;
    work.audit(organizationId, { kind: "person", id: userId, name: operator.email }, { ...removed, endedSessions });
    return reset;
  });
}
