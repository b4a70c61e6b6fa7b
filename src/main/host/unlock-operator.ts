import { type HostRuntime, hostWork } from "#src/access/host-work";
import { unlockAccount } from "#src/identity/account-lockout";
import type { OperatorByEmail, UnlockedOperator } from "./contract";
import { requireOperator } from "./require-operator";

/** Clears the failed attempts of an account, so that its owner can sign in again. @throws Refusal `no_such_person` */
export function unlockOperator(runtime: HostRuntime, { email: wanted }: OperatorByEmail): Promise<UnlockedOperator> {
  return hostWork(runtime, "operator.unlock", async (work) => {
    const { organizationId, userId, email } = await requireOperator(work, wanted);
    const wasLocked = await unlockAccount(work.tx, userId, work.now);
    work.audit(organizationId, { kind: "person", id: userId, name: email }, { wasLocked });
    return { userId, email, wasLocked };
  });
}
