import { invitations } from "../../../drizzle/members";
import type { ObjectKind } from "../../core/located";
import type { Permission } from "../../core/permissions";
import { waitingFor } from "../../identity/invitations";
import type { Work } from "../../persistence/unit-of-work";

/** Takes back what an address could still come in by. */
export async function takeInvitationsBack<P extends Permission, K extends ObjectKind>(
  { tx, organizationId, now }: Work<P, K>,
  email: string,
): Promise<void> {
  await tx.update(invitations).set({ revokedAt: now }).where(waitingFor(organizationId, email));
}
