import { desc, eq } from "drizzle-orm";
import { passkeys } from "#drizzle/persons";
import { requireFullSession } from "#src/identity/re-authentication";
import { operation } from "#src/operations/operation";
import { callerPerson } from "#src/operations/subject";
import { ListPasskeys, PasskeyList } from "#src/platform/contract/second-factors";
import { passkeyColumns, presentPasskey } from "./rows";

/** The caller's passkeys, newest first. @throws Refusal `second_factor_required` */
export const listPasskeys = operation(
  {
    name: "auth.passkeys.list",
    summary: "List the caller's passkeys",
    permission: "account:read",
    on: callerPerson,
    input: ListPasskeys,
    output: PasskeyList,
    errors: [],
    rest: { method: "GET", path: "/account/passkeys" },
  },
  async (authorized) => {
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
  },
);
