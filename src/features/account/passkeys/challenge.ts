import { challengeSeconds, newChallenge } from "#src/identity/challenges";
import { type Limit, take } from "#src/identity/limits";
import { findPendingSession } from "#src/identity/pending-session";
import { relyingPartyOf } from "#src/identity/relying-party";
import type { SignInContext } from "#src/identity/sign-in-context";
import { visitorOperation } from "#src/operations/operation";
import { PasskeyChallenge, PasskeyChallengeInput } from "#src/platform/contract/second-factors";
import { Refusal } from "#src/platform/errors/refusal";
import { descriptorsOf } from "./rows";

/** Each challenge costs a row for five minutes. */
const challengesByAddress = { name: "challenge:ip", attempts: 20, windowSeconds: 60 } as const satisfies Limit;

/** The caller, before the person is identified. */
type Visitor = Pick<SignInContext, "runtime" | "ip" | "local" | "origin" | "sessionHash">;

/**
 * Creates a challenge to sign in with. Without a name, the passkey identifies the person. For a session that waits for
 * a second factor, it names the passkeys of the session's person.
 * @throws Refusal `rate_limited` | see `relyingPartyOf`
 * @throws Refusal `session_ended` no session waits for a second factor
 */
export const challengePasskey = visitorOperation(
  {
    name: "auth.passkeys.challenge",
    summary: "Get a challenge for signing in with a passkey",
    input: PasskeyChallengeInput,
    output: PasskeyChallenge,
    errors: ["passkey_needs_host_name"],
    rest: { method: "POST", path: "/sign-in/passkey-challenge" },
  },
  async (visitor, input) => {
    const { runtime, ip, origin } = visitor;
    const { id: rpId } = relyingPartyOf(origin);
    await take(runtime, challengesByAddress, ip ?? "unknown");
    const known = input.secondFactor ? await requirePending(visitor) : null;
    const challenge = await newChallenge(runtime, {
      purpose: "passkey-sign-in",
      userId: known?.userId ?? null,
      sessionId: known?.sessionId ?? null,
    });
    return {
      challenge,
      timeout: challengeSeconds * 1_000,
      rpId,
      allowCredentials: known?.passkeys ?? [],
      userVerification: "required" as const,
    };
  },
);

async function requirePending(visitor: Visitor) {
  const pending = await visitor.runtime.database.transaction("identity", null, async (tx) => {
    const session = await findPendingSession(tx, visitor);
    return session && { ...session, passkeys: await descriptorsOf(tx, session.userId) };
  });
  if (!pending) throw new Refusal("session_ended");
  return pending;
}
