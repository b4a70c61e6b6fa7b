import { eq } from "drizzle-orm";
import { passkeys } from "../../../../drizzle/persons";
import type { Authorized } from "../../../access/authorized";
import { preparedUnitOfWork } from "../../../access/unit-of-work";
import { takeManagement } from "../../../identity/re-authentication";
import type { Passkey, RenamePasskey } from "../../../platform/contract/second-factors";
import { NotFound } from "../../../platform/errors";
import { passkeyColumns, presentPasskey } from "./passkey-columns";

/** Gives one's own passkey another name. */
export async function renamePasskey(
  authorized: Authorized<"account:update", "passkey">,
  { name }: RenamePasskey,
): Promise<Passkey> {
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
      if (!row) throw new NotFound();
      audit("auth.passkeys.rename", { kind: "passkey", id: passkeyId }, { name: [object.name, name] });
      return presentPasskey(row);
    },
    { role: "identity" },
  );
}
