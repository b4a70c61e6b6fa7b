import { desc, eq } from "drizzle-orm";
import { passkeys } from "../../../../drizzle/persons";
import type { Authorized } from "../../../access/authorized";
import { requireFullSession } from "../../../identity/re-authentication";
import type { PasskeyList } from "../../../platform/contract/second-factors";
import { passkeyColumns, presentPasskey } from "./passkey-columns";

/** One's own passkeys, newest first. @throws Forbidden `second_factor_required` */
export async function listPasskeys(authorized: Authorized<"account:read", "person">): Promise<PasskeyList> {
  requireFullSession(authorized);
  const { request, object } = authorized;
  const rows = await request.runtime.database.transaction("identity", null, (tx) =>
    tx
      .select(passkeyColumns)
      .from(passkeys)
      .where(eq(passkeys.userId, object.userId))
      .orderBy(desc(passkeys.passkeyId)),
  );
  return { items: rows.map(presentPasskey) };
}
