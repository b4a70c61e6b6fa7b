import type { AuthOptions, Profile } from "next-auth";
import type { OAuthConfig } from "next-auth/providers/oauth";
import { custom, type HttpOptions } from "openid-client";
import type { Metadata } from "../../identity/external/discover";
import { ProviderRefusal } from "../../identity/external/find-person";
import type { Provider } from "../../identity/external/provider";
import { type Claims, readClaims } from "../../identity/external/provider-claims";
import { mostMs, requestOptions } from "../../identity/external/reachable";
import { reasonOf } from "../../identity/external/reason-of";
import { signInByProvider } from "../../identity/external/sign-in-by-provider";
import type { OpenedSession } from "../../identity/sessions";
import type { Attempt } from "../../identity/sign-in-context";
import { within } from "../../platform/deadline";
import { cookieNames, cookieOptions } from "./cookies";
import { commonOptions } from "./sign-in-options";

/** What came of a sign-in by a provider, past next-auth, which knows only yes and no. */
export interface OidcOutcome {
  opened: OpenedSession | null;
  /** Of tokens that were checked. */
  claims: Claims | null;
  /** Why the tokens were refused; what the person was refused for is in the log already. */
  reason: string | null;
  /** Why the person whom the tokens name was refused; that is in the audit log already. */
  refusedFor: string | null;
  /** Nobody's fault but ours. */
  failure: unknown;
}

export const nothingYet = (): OidcOutcome => ({
  opened: null,
  claims: null,
  reason: null,
  refusedFor: null,
  failure: null,
});

/** Milliseconds for the token endpoint and for the keys, one after the other. */
const exchangeMs = 2 * mostMs;

/** One provider of OpenID Connect, as next-auth takes it: PKCE, state and nonce, and tokens of the public issuer alone. */
export function oidcOptions(
  attempt: Attempt,
  provider: Provider,
  metadata: Metadata,
  remember: boolean,
  outcome: OidcOutcome,
): AuthOptions {
  const { origin, runtime } = attempt;
  const names = cookieNames(origin);
  // The browser comes back from another site: a cookie that is `strict` would stay behind.
  const options = { ...cookieOptions(origin, runtime), sameSite: "lax" } as const;
  const common = commonOptions(attempt, remember, () => outcome.opened?.token);
  return {
    ...common,
    cookies: {
      ...common.cookies,
      state: { name: names.state, options },
      nonce: { name: names.nonce, options },
      pkceCodeVerifier: { name: names.pkce, options },
    },
    providers: [asConfig(attempt, provider, metadata, outcome)],
    callbacks: {
      ...common.callbacks,
      signIn: async () => {
        if (outcome.claims === null) return false;
        try {
          outcome.opened = await signInByProvider(attempt, provider, outcome.claims, remember);
          return true;
        } catch (error) {
          if (error instanceof ProviderRefusal) outcome.refusedFor = error.reason;
          else outcome.failure = error;
          return false;
        }
      },
    },
  };
}

function asConfig(
  { runtime }: Attempt,
  provider: Provider,
  { issuer, endpoints, algorithm, clientAuthentication }: Metadata,
  outcome: OidcOutcome,
): OAuthConfig<Profile> {
  const { slug, name, clientId, clientSecret, scopes, groupsClaim, reach } = provider;
  const http = (url: URL): HttpOptions => ({ ...requestOptions(url.href, reach, runtime.resolver) });
  return {
    id: slug,
    name,
    type: "oauth",
    issuer,
    clientId,
    ...(clientSecret === null ? {} : { clientSecret }),
    client: { token_endpoint_auth_method: clientAuthentication, id_token_signed_response_alg: algorithm },
    checks: ["pkce", "state", "nonce"],
    idToken: true,
    authorization: { url: endpoints.authorization, params: { scope: scopes.join(" "), response_type: "code" } },
    jwks_endpoint: endpoints.jwks,
    ...(endpoints.userinfo === null ? {} : { userinfo: { url: endpoints.userinfo } }),
    token: {
      url: endpoints.token,
      request: async ({ client, params, checks, provider: { callbackUrl } }) => {
        // Of this client alone: next-auth's own setting is one for the whole process.
        client[custom.http_options] = http;
        client.issuer[custom.http_options] = http;
        try {
          const tokens = await within(exchangeMs, "the exchange of the code", () =>
            client.callback(callbackUrl, params, checks),
          );
          const userinfo =
            endpoints.userinfo !== null && tokens.access_token
              ? await within(mostMs, "the userinfo endpoint", () => client.userinfo(tokens))
              : {};
          outcome.claims = readClaims(tokens.claims(), userinfo, groupsClaim, provider);
          if (outcome.claims === null) outcome.reason = "claim_missing";
          return { tokens };
        } catch (error) {
          outcome.reason = reasonOf(error);
          throw error;
        }
      },
    },
    profile: ({ sub }) => ({ id: sub ?? "" }),
  };
}
