import { createHash } from "node:crypto";
import { verifyAuthenticationResponse, verifyRegistrationResponse } from "@simplewebauthn/server";
import {
  type ClientDataJSON,
  decodeAttestationObject,
  decodeClientDataJSON,
  isoBase64URL,
  parseAuthenticatorData,
} from "@simplewebauthn/server/helpers";
import type { PasskeyAssertion, PasskeyEnrolment } from "../platform/contract/second-factors";
import type { RelyingParty } from "./relying-party";

/** COSE identifiers of the accepted signature algorithms: EdDSA, ES256, RS256. */
export const passkeyAlgorithms = [-8, -7, -257];

/** Why an authenticator's response is refused, for the audit log. */
export type PasskeyProblem =
  | "malformed"
  | "unknown_challenge"
  | "unknown_passkey"
  | "foreign_origin"
  | "wrong_relying_party"
  | "not_verified"
  | "wrong_person"
  | "bad_signature"
  | "counter_regressed";

type Verified<T> = ({ readonly ok: true } & T) | { readonly ok: false; readonly problem: PasskeyProblem };

/**
 * Parses the client data that the browser sent; null if it cannot be read. It is not trusted before the rest is
 * verified.
 */
export function readClientData(response: { readonly clientDataJSON: string }): ClientDataJSON | null {
  return orNull(() => decodeClientDataJSON(response.clientDataJSON));
}

export interface NewPasskey {
  /** base64url */
  readonly credentialId: string;
  /** COSE key, base64url. */
  readonly publicKey: string;
  readonly counter: number;
  readonly backedUp: boolean;
  readonly transports: string[];
}

/**
 * Verifies a new passkey: it was created for this site, at this origin, for this challenge, and the authenticator
 * verified the person.
 */
export async function verifyEnrolment(
  site: RelyingParty,
  challenge: string,
  { id, rawId, type, response }: PasskeyEnrolment,
): Promise<Verified<{ passkey: NewPasskey }>> {
  const clientData = readClientData(response);
  const authenticatorData = orNull(() =>
    decodeAttestationObject(isoBase64URL.toBuffer(response.attestationObject)).get("authData"),
  );
  const problem = checkCeremony(site, clientData, authenticatorData);
  if (problem) return { ok: false, problem };
  const { clientDataJSON, attestationObject, transports } = response;
  const verified = await verifyRegistrationResponse({
    response: { id, rawId, type, response: { clientDataJSON, attestationObject }, clientExtensionResults: {} },
    expectedChallenge: challenge,
    expectedOrigin: site.origin,
    expectedRPID: site.id,
    requireUserVerification: true,
    supportedAlgorithmIDs: passkeyAlgorithms,
  }).catch(() => null);
  const { credential, credentialBackedUp } = verified?.registrationInfo ?? {};
  if (!verified?.verified || !credential || credential.id !== id) return { ok: false, problem: "bad_signature" };
  return {
    ok: true,
    passkey: {
      credentialId: credential.id,
      publicKey: isoBase64URL.fromBuffer(credential.publicKey),
      counter: credential.counter,
      backedUp: credentialBackedUp ?? false,
      transports,
    },
  };
}

export interface StoredPasskey {
  readonly userId: string;
  readonly credentialId: string;
  readonly publicKey: string;
}

/**
 * Verifies that a passkey signed this challenge for this site. The caller compares the counter with the row, because
 * only one of two concurrent requests may pass.
 * @param userId the person who has to own the passkey; null if only the passkey identifies the person
 */
export async function verifyAssertion(
  site: RelyingParty,
  challenge: string,
  userId: string | null,
  passkey: StoredPasskey,
  { id, rawId, type, response }: PasskeyAssertion,
): Promise<Verified<{ counter: number; backedUp: boolean }>> {
  const clientData = readClientData(response);
  const authenticatorData = orNull(() => isoBase64URL.toBuffer(response.authenticatorData));
  const problem = checkCeremony(site, clientData, authenticatorData);
  if (problem) return { ok: false, problem };
  if (userId !== null && userId !== passkey.userId) return { ok: false, problem: "wrong_person" };
  // If the person is not known yet, the authenticator identifies them (WebAuthn 3, 7.2, step 6).
  const handle = response.userHandle ?? (userId === null ? "" : userHandleOf(userId));
  if (handle !== userHandleOf(passkey.userId)) return { ok: false, problem: "wrong_person" };
  const { clientDataJSON, authenticatorData: data, signature } = response;
  const verified = await verifyAuthenticationResponse({
    response: {
      id,
      rawId,
      type,
      response: { clientDataJSON, authenticatorData: data, signature },
      clientExtensionResults: {},
    },
    expectedChallenge: challenge,
    expectedOrigin: site.origin,
    expectedRPID: site.id,
    requireUserVerification: true,
    credential: { id: passkey.credentialId, publicKey: isoBase64URL.toBuffer(passkey.publicKey), counter: 0 },
  }).catch(() => null);
  if (!verified?.verified) return { ok: false, problem: "bad_signature" };
  const { newCounter, credentialBackedUp } = verified.authenticationInfo;
  return { ok: true, counter: newCounter, backedUp: credentialBackedUp };
}

/** The identifier that an authenticator stores with a passkey: the person's id in base64url. */
export function userHandleOf(userId: string): string {
  return Buffer.from(userId, "utf8").toString("base64url");
}

/**
 * Checks what both ceremonies have in common, with a specific reason for each failure. The library repeats these
 * checks, and does the others.
 */
function checkCeremony(
  site: RelyingParty,
  clientData: ClientDataJSON | null,
  authenticatorData: ReturnType<typeof isoBase64URL.toBuffer> | null,
): PasskeyProblem | null {
  const parsed = authenticatorData && orNull(() => parseAuthenticatorData(authenticatorData));
  if (!clientData || !parsed) return "malformed";
  // In a frame of another site's page, a person cannot see which site receives the passkey.
  if (clientData.origin !== site.origin || clientData.crossOrigin === true) return "foreign_origin";
  if (!createHash("sha256").update(site.id).digest().equals(parsed.rpIdHash)) return "wrong_relying_party";
  return parsed.flags.up && parsed.flags.uv ? null : "not_verified";
}

/** The library's parsers throw if the input is not well-formed. */
function orNull<T>(parse: () => T): T | null {
  try {
    return parse() ?? null;
  } catch {
    return null;
  }
}
