import { eq } from "drizzle-orm";
import { passkeys } from "#drizzle/persons";
import { preparedUnitOfWork } from "#src/access/unit-of-work";
import { takeManagement } from "#src/identity/re-authentication";
import { operation } from "#src/operations/operation";
import { Passkey, RenamePasskey } from "#src/platform/contract/second-factors";
import { Refusal } from "#src/platform/errors/refusal";
import { ownPasskey } from "../resource";
import { passkeyColumns, presentPasskey } from "./rows";

/** Renames a passkey of the caller. */
export const renamePasskey = operation(
  {
    name: "auth.passkeys.rename",
    summary: "Rename one of the caller's passkeys",
    permission: "account:update",
    on: ownPasskey,
    input: RenamePasskey,
    output: Passkey,
    errors: [],
    rest: { method: "PATCH", path: "/account/passkeys/{passkeyId}" },
  },
  async (authorized, { name }) => {
    return preparedUnitOfWork(
      authorized,
      ({ request }) => takeManagement(request),
      async ({ tx, audit, authorized: { object } }) => {
        const { passkeyId } = object;
        const [row] = await tx
          .update(passkeys)
          .set({ name })
          .where(eq(passkeys.passkeyId, passkeyId))
          .returning(passkeyColumns);
        if (!row) throw new Refusal("not_found", authorized.named);
        audit({ kind: "passkey", id: passkeyId }, { name: [object.name, name] });
        return presentPasskey(row);
      },
      { role: "identity" },
    );
  },
);
