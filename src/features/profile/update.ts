import { eq } from "drizzle-orm";
import { users } from "#drizzle/members";
import { unitOfWork } from "#src/access/unit-of-work";
import { beforeAndAfter } from "#src/audit/before-and-after";
import { operation } from "#src/operations/operation";
import { callerPerson } from "#src/operations/subject";
import { Refusal } from "#src/platform/errors/refusal";
import { Profile, UpdateProfile } from "./contract";

/** Changes the caller's own name or language. Members of all their organizations see the name. */
export const update = operation(
  {
    name: "profile.update",
    summary: "Change the caller's own name or language",
    permission: "account:update",
    on: callerPerson,
    input: UpdateProfile,
    output: Profile,
    errors: [],
    rest: { method: "PATCH", path: "/account/profile" },
  },
  async (authorized, input) =>
    unitOfWork(
      authorized,
      async ({ tx, audit, authorized: { object } }) => {
        const its = eq(users.userId, object.userId);
        const [before] = await tx.select({ name: users.name, locale: users.locale }).from(users).where(its);
        if (!before) throw new Refusal("not_found", { kind: "person", id: null });
        const { name = before.name, locale = before.locale } = input;
        const after = { name, locale };
        const [row] = await tx.update(users).set(after).where(its).returning({ version: users.version });
        if (!row) throw new Refusal("not_found", { kind: "person", id: null });
        audit({ kind: "person", id: object.userId }, beforeAndAfter(before, after));
        return { userId: object.userId, email: object.email, ...after, version: row.version };
      },
      { role: "identity" },
    ),
);
