import { eq } from "drizzle-orm";
import { sessions } from "../../../drizzle/persons";
import type { Authorized } from "../../access/authorized";
import { unitOfWork } from "../../access/unit-of-work";
import { Forbidden, NotFound } from "../../platform/errors";
import type { ActiveOrganization, SetActiveOrganization } from "./contract";
import { listOwnOrganizations } from "./list-own-organizations";

/**
 * Which of the caller's organizations this session is about from here on.
 * @throws NotFound they are no member of it, whether or not it exists
 */
export async function setActiveOrganization(
  authorized: Authorized<"account:update", "person">,
  { organizationId }: SetActiveOrganization,
): Promise<ActiveOrganization> {
  return unitOfWork(
    authorized,
    async ({ tx, audit, authorized: { principal, object } }) => {
      if (principal.kind !== "session") throw new Forbidden("session_required", "Sign in first.");
      const own = await listOwnOrganizations(tx, object.userId);
      const wanted = own.find((organization) => organization.organizationId === organizationId);
      if (!wanted) throw new NotFound();
      await tx.update(sessions).set({ organizationId }).where(eq(sessions.sessionId, principal.sessionId));
      audit("auth.setActiveOrganization", { kind: "session", id: principal.sessionId }, { organizationId });
      return wanted;
    },
    { role: "identity" },
  );
}
