import {
  INVALID_RESPONSE,
  JSON_ATTRIBUTE_COMPARISON,
  JWT_CLAIM_COMPARISON,
  JWT_TIMESTAMP_CHECK,
  KEY_SELECTION,
  OperationProcessingError,
  RESPONSE_IS_NOT_CONFORM,
  ResponseBodyError,
} from "oauth4webapi";
import { z } from "zod";
import { NoResponse } from "#src/platform/deadline";
import { AddressRefused } from "./allowed-addresses";

/**
 * Why a sign-in by a provider failed. Only the audit log has this reason; the visitor learns only that the sign-in
 * failed.
 */
export type ExchangeReason =
  | "provider_unavailable"
  | "token_refused"
  | "issuer_mismatch"
  | "audience_mismatch"
  | "token_expired"
  | "token_not_yet_valid"
  | "nonce_missing"
  | "nonce_mismatch"
  | "algorithm_mismatch"
  | "signature_invalid"
  | "claim_missing"
  | "subject_mismatch"
  | "id_token_missing"
  | "exchange_failed";

/** Returns which check of the exchange failed. */
export function reasonOf(error: unknown): ExchangeReason {
  if (error instanceof ResponseBodyError) return "token_refused";
  if (error instanceof OperationProcessingError) return reasonOfCheck(error);
  return isOfConnection(error) ? "provider_unavailable" : "exchange_failed";
}

function isOfConnection(error: unknown): boolean {
  if (error instanceof NoResponse || error instanceof AddressRefused) return true;
  return error instanceof Error && "code" in error && /^E[A-Z]+$/.test(String(error.code));
}

/** The claim that has a wrong value, or whose time has not come or has passed. */
const claimReason: Readonly<Record<string, ExchangeReason>> = {
  iss: "issuer_mismatch",
  aud: "audience_mismatch",
  azp: "audience_mismatch",
  nonce: "nonce_mismatch",
  exp: "token_expired",
  nbf: "token_not_yet_valid",
};

/** The data that the library attaches to an error, as far as it distinguishes one check from another. */
const Cause = z.object({
  claim: z.string().optional(),
  claims: z.record(z.string(), z.unknown()).optional(),
  header: z.unknown().optional(),
  parameters: z.unknown().optional(),
  signature: z.unknown().optional(),
});

function reasonOfCheck({ code, cause }: OperationProcessingError): ExchangeReason {
  const { claim, claims, header, parameters, signature } = Cause.catch({}).parse(cause);
  switch (code) {
    case RESPONSE_IS_NOT_CONFORM:
      return "token_refused";
    case JWT_CLAIM_COMPARISON:
    case JWT_TIMESTAMP_CHECK:
      return claimReason[claim ?? ""] ?? "exchange_failed";
    case JSON_ATTRIBUTE_COMPARISON:
      return "subject_mismatch";
    case KEY_SELECTION:
      return "signature_invalid";
    case INVALID_RESPONSE:
      if (claims !== undefined) return reasonOfUnreadable(claims);
      if (signature !== undefined) return "signature_invalid";
      if (header !== undefined) return "algorithm_mismatch";
      return parameters === undefined ? "exchange_failed" : "issuer_mismatch"; // the state has been compared before
    default:
      return "exchange_failed";
  }
}

/** A claim of the token is missing, or has the wrong type. */
function reasonOfUnreadable(claims: Readonly<Record<string, unknown>>): ExchangeReason {
  const required = ["iss", "sub", "aud", "exp", "iat"];
  if (required.some((name) => claims[name] === undefined)) return "claim_missing";
  if (claims.nonce === undefined) return "nonce_missing";
  if (typeof claims.sub !== "string") return "claim_missing";
  if (typeof claims.iss !== "string") return "issuer_mismatch";
  return typeof claims.aud !== "string" && !Array.isArray(claims.aud) ? "audience_mismatch" : "exchange_failed";
}
