import {
  calculatePKCECodeChallenge,
  generateRandomCodeVerifier,
  generateRandomNonce,
  generateRandomState,
} from "oauth4webapi";
import type { Metadata } from "./discover";
import type { Provider } from "./provider";

/** Random values of one sign-in by a provider. What comes back from the provider has to fit them. */
export interface SignInSecrets {
  readonly state: string;
  readonly nonce: string;
  /** The code verifier of PKCE. */
  readonly verifier: string;
}

export function newSignInSecrets(): SignInSecrets {
  return { state: generateRandomState(), nonce: generateRandomNonce(), verifier: generateRandomCodeVerifier() };
}

/** The address at the provider to which the browser is sent. A query that the provider's endpoint has is kept. */
export async function authorizationUrl(
  { clientId, scopes }: Pick<Provider, "clientId" | "scopes">,
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
  url.search = url.search.replaceAll("+", "%20"); // some providers take a plus for a plus
  return url;
}
