import { eq } from "drizzle-orm";
import { passkeys } from "#drizzle/persons";
import { preparedUnitOfWork } from "#src/access/unit-of-work";
import { requireRecent } from "#src/identity/re-authentication";
import { dropIdleRecoveryCodes, holdPerson } from "#src/identity/second-factors";
import { operation } from "#src/operations/operation";
import { PasskeyById, RemovePasskey } from "#src/platform/contract/second-factors";
import { Refusal } from "#src/platform/errors/refusal";
import { ownPasskey } from "../resource";

/**
 * Removes a passkey of the caller. The next sign-in with it is refused. If the organization requires a second factor
 * and this was the last one, the person's sessions can only enrol another one from then on.
 * @throws Refusal see `requireRecent`
 */
export const removePasskey = operation(
  {
    name: "auth.passkeys.remove",
    summary: "Remove one of the caller's passkeys",
    permission: "account:update",
    on: ownPasskey,
    input: RemovePasskey,
    output: PasskeyById,
    errors: ["recent_sign_in_required", "wrong_code", "wrong_password"],
    rest: { method: "POST", path: "/account/passkeys/{passkeyId}/remove" },
  },
  async (authorized, input) => {
    return preparedUnitOfWork(
      authorized,
      (current) => requireRecent(current, input),
      async ({ tx, audit, authorized: { object } }) => {
        const { passkeyId, userId, name } = object;
        await holdPerson(tx, userId);
        const removed = await tx
          .delete(passkeys)
          .where(eq(passkeys.passkeyId, passkeyId))
          .returning({ passkeyId: passkeys.passkeyId });
        if (removed.length === 0) throw new Refusal("not_found", authorized.named);
        await dropIdleRecoveryCodes(tx, userId);
        audit({ kind: "passkey", id: passkeyId }, { name });
        return { passkeyId };
      },
      { role: "identity" },
    );
  },
);
