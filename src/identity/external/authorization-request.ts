import {
  calculatePKCECodeChallenge,
  generateRandomCodeVerifier,
  generateRandomNonce,
  generateRandomState,
} from "oauth4webapi";
import type { Metadata } from "./discover";
import type { OidcProvider } from "./provider";

/** Random values of one sign-in by a provider. The provider's response has to match them. */
export interface SignInSecrets {
  readonly state: string;
  readonly nonce: string;
  /** The code verifier of PKCE. */
  readonly verifier: string;
}

export function newSignInSecrets(): SignInSecrets {
  return { state: generateRandomState(), nonce: generateRandomNonce(), verifier: generateRandomCodeVerifier() };
}

/** The authorization URL to which the browser is redirected. The query of the provider's endpoint is kept. */
export async function authorizationUrl(
  { clientId, scopes }: Pick<OidcProvider, "clientId" | "scopes">,
  { endpoints }: Pick<Metadata, "endpoints">,
  redirectUri: string,
  { state, nonce, verifier }: SignInSecrets,
): Promise<URL> {
  const url = new URL(endpoints.authorization);
  const parameters = {
    client_id: clientId,
    response_type: "code",
    redirect_uri: redirectUri,
    scope: scopes.join(" "),
    state,
    nonce,
    code_challenge: await calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  url.search = url.search.replaceAll("+", "%20"); // some providers decode a plus as a plus and not as a space
  return url;
}
