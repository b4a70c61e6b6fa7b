/** Why a sign-in by a provider came to nothing: for the audit log alone; the visitor is told that it did. */
export type ExchangeReason =
  | "provider_unavailable"
  | "token_refused"
  | "issuer_mismatch"
  | "audience_mismatch"
  | "token_expired"
  | "token_not_yet_valid"
  | "nonce_missing"
  | "nonce_mismatch"
  | "state_mismatch"
  | "algorithm_mismatch"
  | "signature_invalid"
  | "claim_missing"
  | "subject_mismatch"
  | "id_token_missing"
  | "exchange_failed";

/** What `openid-client` 5.7 says of each; it has no codes. */
const said: readonly (readonly [RegExp, ExchangeReason])[] = [
  [/^unexpected iss value|^iss mismatch|^iss missing/, "issuer_mismatch"],
  [/^aud |^azp mismatch|property azp$/, "audience_mismatch"],
  [/^JWT expired/, "token_expired"],
  [/^JWT not active yet/, "token_not_yet_valid"],
  [/^nonce mismatch.*got: undefined$/, "nonce_missing"],
  [/^nonce mismatch/, "nonce_mismatch"],
  [/^state m/, "state_mismatch"],
  [/^unexpected JWT alg/, "algorithm_mismatch"],
  [/^failed to validate JWT signature|^no valid key found|^multiple matching keys/, "signature_invalid"],
  [/^missing required JWT property/, "claim_missing"],
  [/sub mismatch/, "subject_mismatch"],
  [/^id_token not present/, "id_token_missing"],
  [
    /timed out|took too long|cannot be there|changes the protocol|asked by https|has no address/,
    "provider_unavailable",
  ],
];

/** Which of the checks of the exchange failed. */
export function reasonOf(error: unknown): ExchangeReason {
  if (!(error instanceof Error)) return "exchange_failed";
  const found = said.find(([form]) => form.test(error.message));
  if (found) return found[1];
  if (error.name === "OPError") return "token_refused";
  return "code" in error && typeof error.code === "string" && /^E[A-Z]+$/.test(error.code)
    ? "provider_unavailable"
    : "exchange_failed";
}
