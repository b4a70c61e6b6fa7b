import { findInvitation, problemOf } from "#src/identity/invitations";
import { take } from "#src/identity/limits";
import { visitorOperation } from "#src/operations/operation";
import { InvitationToken, LookedAtInvitation } from "./contract";

/** The limit for callers who try random links. */
const looksByAddress = { name: "invitation-look:ip", attempts: 20, windowSeconds: 60 } as const;

/**
 * Shows an invitation to the holder of its link: its organization and address, or why it is no longer valid. It does
 * not reveal whether an account exists, because the sender may still have the link.
 * @throws Refusal `rate_limited`
 */
export const look = visitorOperation(
  {
    name: "invitations.look",
    summary: "Look up an invitation by its token",
    input: InvitationToken,
    output: LookedAtInvitation,
    errors: [],
    rest: { method: "POST", path: "/invitations/look" },
  },
  async (visitor, { token }) => {
    const { runtime, ip } = visitor;
    await take(runtime, looksByAddress, ip ?? "unknown");
    return runtime.database.transaction("identity", null, async (tx) => {
      const found = await findInvitation(tx, token, { hold: false });
      if (!found) return { state: "unknown", organization: null, email: null };
      const problem = await problemOf(tx, found, runtime.clock.now());
      const organization = { name: found.organizationName };
      return problem === null
        ? { state: "good", organization, email: found.email }
        : { state: problem, organization, email: null };
    });
  },
);
