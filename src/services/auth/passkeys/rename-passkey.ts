import { eq } from "drizzle-orm";
import { passkeys } from "../../../../drizzle/persons";
import type { Passkey, RenamePasskey } from "../../../contracts/second-factors";
import { NotFound } from "../../../core/errors";
import { takeManagement } from "../../../identity/re-authentication";
import type { Authorized } from "../../../persistence/authorized";
import { preparedUnitOfWork } from "../../../persistence/unit-of-work";
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
