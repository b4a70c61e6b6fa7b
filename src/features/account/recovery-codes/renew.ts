import { preparedUnitOfWork } from "#src/access/unit-of-work";
import { requireRecent } from "#src/identity/re-authentication";
import { replaceRecoveryCodes } from "#src/identity/recovery-codes";
import { hasSecondFactor } from "#src/identity/second-factors";
import { operation } from "#src/operations/operation";
import { callerPerson } from "#src/operations/subject";
import { NewRecoveryCodes, RenewRecoveryCodes } from "#src/platform/contract/second-factors";
import { Refusal } from "#src/platform/errors/refusal";

/**
 * Creates ten new recovery codes. Earlier codes stop working.
 * @throws Refusal `no_second_factor` there is no second factor that they could replace
 * @throws Refusal see `requireRecent`
 */
export const renewRecoveryCodes = operation(
  {
    name: "auth.recoveryCodes.renew",
    summary: "Replace the caller's recovery codes",
    permission: "account:update",
    on: callerPerson,
    input: RenewRecoveryCodes,
    output: NewRecoveryCodes,
    errors: ["no_second_factor", "recent_sign_in_required", "wrong_code", "wrong_password"],
    rest: { method: "POST", path: "/account/recovery-codes/renew" },
  },
  async (authorized, input) => {
    const { random } = authorized.request.runtime;
    const { userId } = authorized.object;
    return preparedUnitOfWork(
      authorized,
      (current) => requireRecent(current, input),
      async ({ tx, now, audit }) => {
        if (!(await hasSecondFactor(tx, userId))) {
          throw new Refusal("no_second_factor");
        }
        const recoveryCodes = await replaceRecoveryCodes(tx, random, userId, now);
        audit({ kind: "person", id: userId }, { recoveryCodes: recoveryCodes.length });
        return { recoveryCodes };
      },
      { role: "identity" },
    );
  },
);
