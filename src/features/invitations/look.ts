import { findInvitation, problemOf } from "../../identity/invitations";
import { take } from "../../identity/limits";
import { visitorOperation } from "../../operations/operation";
import { InvitationToken, LookedAtInvitation } from "./contract";

/** Whoever has the link may look; whoever tries links gets no further than this. */
const looksByAddress = { name: "invitation-look:ip", tries: 20, windowSeconds: 60 } as const;

/**
 * What an invitation is worth, to whoever has its link: of which organization it is, for whom, or why it is not good any
 * more. Whether there is an account already is not told: the link may still be with whoever invited.
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
