import { createHash } from "node:crypto";
import {
  type AuthorizationServer,
  allowInsecureRequests,
  authorizationCodeGrantRequest,
  type Client,
  type ClientAuth,
  ClientSecretPost,
  type CustomFetchOptions,
  clockTolerance,
  customFetch,
  getValidatedIdTokenClaims,
  type IDToken,
  INVALID_RESPONSE,
  type JWK,
  jwksCache,
  KEY_SELECTION,
  None,
  OperationProcessingError,
  processAuthorizationCodeResponse,
  processUserInfoResponse,
  ResponseBodyError,
  UnsupportedOperationError,
  userInfoRequest,
  validateApplicationLevelSignature,
  validateAuthResponse,
} from "oauth4webapi";
import { z } from "zod";
import type { Resolver } from "#src/platform/values";
import type { SignInSecrets } from "./authorization-request";
import type { Metadata } from "./discover";
import type { OidcProvider } from "./provider";
import { type Claims, readClaims } from "./provider-claims";
import { type ExchangeReason, reasonOf } from "./reason-of";
import { requestProvider } from "./request-provider";

/** A sign-in by a provider that failed between the code and the claims. */
export class ExchangeFailed extends Error {
  override readonly name = "ExchangeFailed";
  constructor(
    readonly reason: ExchangeReason,
    options?: ErrorOptions,
  ) {
    super(`exchange of the code: ${reason}`, options);
  }

  /** The error code of the provider's response, such as `invalid_client`; null without one. */
  get providerError(): string | null {
    return this.cause instanceof ResponseBodyError ? this.cause.error.slice(0, 100) : null;
  }
}

/**
 * Exchanges the code that a browser brings back for tokens, verifies the ID token with its signature, and reads the
 * claims of the person, also from the userinfo endpoint.
 * @param redirectUri as it was in the authorization request
 * @param parameters that the provider added to it: `code`, `state`, `iss`
 * @param secrets of the sign-in that this browser started
 * @throws ExchangeFailed
 */
export async function exchangeCode(
  resolver: Resolver,
  provider: OidcProvider,
  metadata: Metadata,
  redirectUri: string,
  parameters: URLSearchParams,
  secrets: SignInSecrets,
): Promise<Claims> {
  try {
    const exchange = exchangeOf(resolver, provider, metadata);
    const tokens = await requestTokens(exchange, redirectUri, parameters, secrets);
    const claims = readClaims(tokens.claims, await requestUserinfo(exchange, tokens), provider.groupsClaim, provider);
    if (claims === null) throw new ExchangeFailed("claim_missing");
    return claims;
  } catch (error) {
    if (error instanceof ExchangeFailed) throw error;
    throw new ExchangeFailed(reasonOf(error), { cause: error });
  }
}

/**
 * One provider as the library represents it. The library caches the provider's keys on `server`, which lives for one
 * sign-in.
 */
interface Exchange {
  readonly server: AuthorizationServer;
  readonly client: Client;
  /** The signature algorithm of ID tokens. */
  readonly algorithm: string;
  readonly authentication: ClientAuth;
  readonly options: {
    readonly [customFetch]: (
      url: string,
      options: CustomFetchOptions<"GET" | "POST", URLSearchParams | undefined | null>,
    ) => Promise<Response>;
    readonly [allowInsecureRequests]: boolean;
  };
}

/** The tolerated difference in seconds between the provider's clock and this server's. */
const toleratedSeconds = 10;

function exchangeOf(resolver: Resolver, provider: OidcProvider, metadata: Metadata): Exchange {
  const { issuer, endpoints, algorithm } = metadata;
  const { token: token_endpoint, jwks: jwks_uri, userinfo } = endpoints;
  return {
    server: { issuer, token_endpoint, jwks_uri, ...(userinfo === null ? {} : { userinfo_endpoint: userinfo }) },
    client: {
      client_id: provider.clientId,
      id_token_signed_response_alg: algorithm,
      [clockTolerance]: toleratedSeconds,
    },
    algorithm,
    authentication: authenticationOf(provider, metadata),
    options: {
      [allowInsecureRequests]: true, // the provider's reach decides whether http is allowed
      async [customFetch](url, { method, headers, body }) {
        const request = { method, headers, ...(body ? { body: body.toString() } : {}) };
        const response = await requestProvider(url, request, provider, resolver);
        return asJson(response.status, response.body.toString("utf8"));
      },
    },
  };
}

/** All responses that are read here are JSON. Providers also send them with other media types. */
function asJson(status: number, text: string): Response {
  return new Response(text === "" ? null : text, { status, headers: { "content-type": "application/json" } });
}

function authenticationOf({ clientSecret }: OidcProvider, { clientAuthentication }: Metadata): ClientAuth {
  if (clientSecret === null) return None();
  return clientAuthentication === "client_secret_post" ? ClientSecretPost(clientSecret) : basic(clientSecret);
}

/**
 * The library's `ClientSecretBasic` also encodes `-`, `_`, `.` and others, which most client ids contain. Providers
 * that compare the header without decoding it refuse that.
 */
function basic(clientSecret: string): ClientAuth {
  const encode = (text: string) => encodeURIComponent(text).replaceAll("%20", "+");
  return (_server, { client_id }, _body, headers) => {
    const credentials = Buffer.from(`${encode(client_id)}:${encode(clientSecret)}`).toString("base64");
    headers.set("authorization", `Basic ${credentials}`);
  };
}

/** The tokens of a person. The ID token has been verified. */
interface Tokens {
  readonly claims: IDToken;
  readonly accessToken: string | null;
}

async function requestTokens(
  exchange: Exchange,
  redirectUri: string,
  parameters: URLSearchParams,
  { state, nonce, verifier }: SignInSecrets,
): Promise<Tokens> {
  const { server, client, authentication, options } = exchange;
  const code = validateAuthResponse(server, client, parameters, state);
  const { response, accessToken } = await onlyTokens(
    await authorizationCodeGrantRequest(server, client, authentication, code, redirectUri, verifier, options),
  );
  const tokens = await processAuthorizationCodeResponse(server, client, response, { expectedNonce: nonce });
  await requireSignature(exchange, response);
  const claims = getValidatedIdTokenClaims(tokens);
  if (claims === undefined) throw new ExchangeFailed("id_token_missing");
  requireAuthorizedParty(exchange, claims);
  if (accessToken !== null) requireHash(exchange, claims, accessToken);
  return { claims, accessToken };
}

const TokenResponse = z.object({
  id_token: z.string().min(1),
  access_token: z.string().min(1).optional().catch(undefined),
});

/**
 * Removes from a token response everything that a sign-in does not need, because the library validates all of it. It
 * also requires an access token, which some providers omit (Azure AD B2C for the scope `openid` alone).
 */
async function onlyTokens(response: Response): Promise<{ response: Response; accessToken: string | null }> {
  if (response.status !== 200) return { response, accessToken: null };
  const parsed = TokenResponse.safeParse(await response.json());
  if (!parsed.success) throw new ExchangeFailed("id_token_missing");
  const { id_token, access_token } = parsed.data;
  const needed = { id_token, access_token: access_token ?? "none", token_type: "bearer" };
  return { response: asJson(200, JSON.stringify(needed)), accessToken: access_token ?? null };
}

/**
 * Verifies the signature of the ID token in a response with the keys that the provider publishes. If several keys have
 * the id that the token names, one of them has to match.
 */
async function requireSignature({ server, options }: Exchange, response: Response): Promise<void> {
  try {
    await validateApplicationLevelSignature(server, response, options);
  } catch (error) {
    if (error instanceof UnsupportedOperationError) throw new ExchangeFailed("signature_invalid", { cause: error });
    const found = SeveralKeys.safeParse(error);
    if (!found.success) throw error;
    const { candidates } = found.data.cause;
    await Promise.any(candidates.map((key) => requireSignatureBy(key, server, response))).catch((cause: unknown) => {
      throw new ExchangeFailed("signature_invalid", { cause });
    });
  }
}

/** The library's error for a token whose `kid` matches several keys. */
const SeveralKeys = z.object({
  code: z.literal(KEY_SELECTION),
  cause: z.object({ header: z.object({ kid: z.string() }), candidates: z.array(z.looseObject({})).min(2) }),
});

function requireSignatureBy(key: JWK, server: AuthorizationServer, response: Response): Promise<void> {
  const cache = { jwks: { keys: [key] }, uat: Math.floor(Date.now() / 1_000) };
  return validateApplicationLevelSignature({ ...server }, response, { [jwksCache]: cache });
}

/** The library checks `azp` only if there are several audiences. */
function requireAuthorizedParty({ client }: Exchange, { azp }: IDToken): void {
  if (azp !== undefined && azp !== client.client_id) throw new ExchangeFailed("audience_mismatch");
}

/** The library does not check `at_hash` (OpenID Connect Core 1.0, section 3.1.3.6). */
function requireHash({ algorithm }: Exchange, { at_hash }: IDToken, accessToken: string): void {
  if (at_hash === undefined) return;
  const hash = createHash(algorithm === "EdDSA" ? "sha512" : `sha${algorithm.slice(-3)}`)
    .update(accessToken)
    .digest();
  const expected = hash.subarray(0, hash.length / 2).toString("base64url");
  if (at_hash !== expected) throw new ExchangeFailed("exchange_failed");
}

async function requestUserinfo({ server, client, options }: Exchange, { claims, accessToken }: Tokens) {
  if (server.userinfo_endpoint === undefined || accessToken === null) return {};
  if (claims.sub === "") throw new ExchangeFailed("claim_missing");
  const response = await userInfoRequest(server, client, accessToken, options);
  try {
    return await processUserInfoResponse(server, client, claims.sub, response);
  } catch (error) {
    const isWithoutSubject = error instanceof OperationProcessingError && error.code === INVALID_RESPONSE;
    throw isWithoutSubject ? new ExchangeFailed("subject_mismatch", { cause: error }) : error;
  }
}
