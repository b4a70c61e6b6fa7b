import { preparedUnitOfWork } from "#src/access/unit-of-work";
import { challengeSeconds, newChallenge } from "#src/identity/challenges";
import { passkeyAlgorithms, userHandleOf } from "#src/identity/passkeys";
import { requireRecent } from "#src/identity/re-authentication";
import { relyingPartyOf } from "#src/identity/relying-party";
import { operation } from "#src/operations/operation";
import { callerPerson } from "#src/operations/subject";
import { PasskeyEnrolOptions, PasskeyEnrolOptionsInput } from "#src/platform/contract/second-factors";
import { descriptorsOf } from "./rows";

/**
 * The options that a browser needs to create a passkey. The passkey identifies its person (so that no name has to be
 * typed), and the authenticator has to verify the person.
 * @param origin that the request was sent to
 * @throws Refusal see `relyingPartyOf`
 * @throws Refusal see `requireRecent`
 */
export const passkeyEnrolOptions = operation(
  {
    name: "auth.passkeys.enrolOptions",
    summary: "Get the options for creating a passkey",
    permission: "account:update",
    on: callerPerson,
    input: PasskeyEnrolOptionsInput,
    output: PasskeyEnrolOptions,
    errors: ["passkey_needs_host_name", "recent_sign_in_required", "wrong_code", "wrong_password"],
    rest: { method: "POST", path: "/account/passkeys/options" },
  },
  async (authorized, input, { origin }) => {
    const { runtime } = authorized.request;
    const { userId, email, name } = authorized.object;
    const { id } = relyingPartyOf(origin);
    const excludeCredentials = await preparedUnitOfWork(
      authorized,
      (current) => requireRecent(current, input),
      ({ tx }) => descriptorsOf(tx, userId),
      { role: "identity" },
    );
    const { principal } = authorized;
    const sessionId = principal.kind === "session" ? principal.sessionId : null;
    return {
      challenge: await newChallenge(runtime, { purpose: "passkey-enrolment", userId, sessionId }),
      timeout: challengeSeconds * 1_000,
      rp: { id, name: "Portcullis" },
      user: { id: userHandleOf(userId), name: email, displayName: name ?? email },
      pubKeyCredParams: passkeyAlgorithms.map((alg) => ({ alg, type: "public-key" as const })),
      excludeCredentials,
      authenticatorSelection: {
        residentKey: "required" as const,
        requireResidentKey: true as const,
        userVerification: "required" as const,
      },
      attestation: "none" as const,
    };
  },
);
