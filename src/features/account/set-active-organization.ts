import { eq } from "drizzle-orm";
import { sessions } from "#drizzle/persons";
import { unitOfWork } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { callerPerson } from "#src/operations/subject";
import { Refusal } from "#src/platform/errors/refusal";
import { ActiveOrganization, SetActiveOrganization } from "./contract";
import { listOwnOrganizations } from "./rows";

/**
 * Changes which of the caller's organizations this session is about.
 * @throws Refusal `not_found` the caller is not a member of it, whether or not it exists
 */
export const setActiveOrganization = operation(
  {
    name: "auth.setActiveOrganization",
    summary: "Choose the organization of the session",
    permission: "account:update",
    on: callerPerson,
    input: SetActiveOrganization,
    output: ActiveOrganization,
    errors: [],
    rest: { method: "PUT", path: "/session/organization" },
  },
  async (authorized, { organizationId }) => {
    return unitOfWork(
      authorized,
      async ({ tx, audit, authorized: { principal, object } }) => {
        if (principal.kind !== "session") throw new Refusal("session_required");
        const own = await listOwnOrganizations(tx, object.userId);
        const wanted = own.find((organization) => organization.organizationId === organizationId);
        if (!wanted) throw new Refusal("not_found", { kind: "organization", id: organizationId });
        await tx.update(sessions).set({ organizationId }).where(eq(sessions.sessionId, principal.sessionId));
        audit({ kind: "session", id: principal.sessionId }, { organizationId });
        return wanted;
      },
      { role: "identity" },
    );
  },
);
