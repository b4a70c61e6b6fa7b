import { stringifySetCookie } from "cookie";
import { authorizationUrl, newSignInSecrets, type SignInSecrets } from "#src/identity/external/authorization-request";
import { DiscoveryFailed, discover, type Metadata } from "#src/identity/external/discover";
import { ExchangeFailed, exchangeCode } from "#src/identity/external/exchange-code";
import { ProviderRefusal } from "#src/identity/external/find-person";
import type { OidcProvider } from "#src/identity/external/provider";
import { type Claims, isKnown } from "#src/identity/external/provider-claims";
import type { ExchangeReason } from "#src/identity/external/reason-of";
import { recordProviderRefusal } from "#src/identity/external/record-refusal";
import { signInByProvider } from "#src/identity/external/sign-in-by-provider";
import { rememberState, spendState } from "#src/identity/external/states";
import { limits } from "#src/identity/limits";
import type { OpenedSession } from "#src/identity/sessions";
import { countAttempt } from "#src/identity/sign-in/count-attempt";
import type { SignInContext } from "#src/identity/sign-in-context";
import { describeError } from "../describe-error";
import { cookieNames, cookieOptions } from "./cookies";
import { hasFormToken } from "./form-token";
import { endedSecretCookies, readSecretCookies, secretCookies } from "./oidc-cookies";
import { refuseForeignForm } from "./refuse-sign-in";
import { setSessionCookies } from "./session-cookies";
import { ownAddress } from "./sign-in-options";
import { type SignInRequest, signInEndpoint } from "./sign-in-request";

/** The error that a visitor sees, as `/sign-in?error=…`. It never reveals what this installation knows about anyone. */
type VisitorError =
  | "provider_refused"
  | "provider_unavailable"
  | "provider_email_unverified"
  | "provider_email_missing"
  | "provider_groups_unknown";

/** Reasons that depend on a person's groups or membership, not on the address. */
const notOfAddress = new Set(["no_role_for_groups", "not_a_member", "provider_changed"]);

/**
 * Returns the hint for a person with verified tokens: what to ask their administrator for. It depends only on their own
 * claims and on which lists the provider has. So it does not reveal whether an address is in a list or has an account.
 */
function visitorErrorOf({ allowedEmails, allowedDomains }: OidcProvider, claims: Claims, reason: string): VisitorError {
  if (notOfAddress.has(reason)) return "provider_refused";
  const isByGroup = !isKnown(claims.groups) && reason === claims.groups;
  const isOfAddress = reason.startsWith("email_") || reason === "unknown_person";
  const asksAddress = isOfAddress || allowedEmails.length + allowedDomains.length > 0;
  if (asksAddress && claims.email === null) return "provider_email_missing";
  if (asksAddress && !claims.emailVerified) return "provider_email_unverified";
  return isByGroup ? "provider_groups_unknown" : "provider_refused";
}

/**
 * Sends the browser to a provider.
 * @throws Refusal `rate_limited`
 */
export async function startOidc(request: SignInRequest, provider: OidcProvider): Promise<Response> {
  const { attempt, body, cookies } = request;
  const { runtime, origin, ip } = attempt;
  await countAttempt(attempt, limits.oidcStartByAddress, ip ?? "unknown");
  if (!hasFormToken(request)) return refuseForeignForm(attempt);
  const asJson = body.json === "true";
  const metadata = await ask(attempt, provider);
  if (metadata === null) return redirectWithError(attempt, "provider_unavailable", asJson);
  const secrets = newSignInSecrets();
  const { href } = await authorizationUrl(provider, metadata, redirectUri(attempt, provider), secrets);
  await rememberState(runtime, secrets.state, { providerId: provider.providerId, remember: body.remember === "true" });
  const name = cookieNames(origin).callbackUrl;
  const value = ownAddress(body.callbackUrl || cookies[name] || "", origin);
  const response = sentTo(href, asJson);
  response.headers.append(
    "set-cookie",
    stringifySetCookie({ name, value, ...cookieOptions(origin, runtime), sameSite: "lax" }),
  );
  for (const line of await secretCookies(attempt, provider, secrets)) response.headers.append("set-cookie", line);
  return response;
}

/** Handles the return of the browser from a provider: opens a session, or redirects with an error. */
export async function finishOidc(request: SignInRequest, provider: OidcProvider): Promise<Response> {
  const { attempt, query, cookies } = request;
  const { runtime, origin } = attempt;
  const refused = async (reason: string, visitorError: VisitorError = "provider_refused") => {
    await recordProviderRefusal(attempt, provider, reason);
    return redirectWithError(attempt, visitorError, false);
  };
  const state = query.get("state") ?? "";
  const secrets = await readSecretCookies(attempt, provider, state, cookies);
  if (typeof secrets === "string") return refused(secrets);
  const spent = await spendState(runtime, state, provider.providerId);
  if (!spent.ok) return refused(spent.reason);
  if (query.has("error")) return refused(query.get("error") === "access_denied" ? "access_denied" : "provider_error");
  const code = query.get("code");
  if (!code) return refused("code_missing");
  const metadata = await ask(attempt, provider);
  if (metadata === null) return redirectWithError(attempt, "provider_unavailable", false);
  const iss = query.get("iss");
  if (iss === null && metadata.namesIssuer) return refused("issuer_missing");
  const parameters = new URLSearchParams({ code, state, ...(iss === null ? {} : { iss }) });
  const claims = await exchange(attempt, provider, metadata, parameters, secrets);
  if (claims === "provider_unavailable") return refused(claims, claims);
  if (typeof claims === "string") return refused(claims);
  let opened: OpenedSession;
  try {
    opened = await signInByProvider(attempt, provider, claims, spent.remember);
  } catch (error) {
    if (!(error instanceof ProviderRefusal)) throw error;
    return redirectWithError(attempt, visitorErrorOf(provider, claims, error.reason), false);
  }
  const response = sentTo(ownAddress(cookies[cookieNames(origin).callbackUrl] ?? "", origin), false);
  for (const line of endedSecretCookies(attempt)) response.headers.append("set-cookie", line);
  await setSessionCookies(response.headers, attempt, opened);
  return runtime.signIn.sameSite === "strict" ? fromOurOwn(response) : response;
}

/** Fetches the provider's metadata; null if that fails, with the reason in the audit log. */
async function ask(attempt: SignInContext, provider: OidcProvider): Promise<Metadata | null> {
  const { runtime, requestId } = attempt;
  try {
    return await discover(runtime, provider);
  } catch (error) {
    if (!(error instanceof DiscoveryFailed)) throw error;
    const { providerId } = provider;
    runtime.log.warn(
      { requestId, providerId, error: describeError(error.cause ?? error) },
      "the metadata of a provider could not be fetched",
    );
    await recordProviderRefusal(attempt, provider, error.reason);
    return null;
  }
}

/**
 * Exchanges the code for the claims of the person. If a check fails, it returns the reason, and the log has the
 * details.
 */
async function exchange(
  attempt: SignInContext,
  provider: OidcProvider,
  metadata: Metadata,
  parameters: URLSearchParams,
  secrets: SignInSecrets,
): Promise<Claims | ExchangeReason> {
  const { runtime, requestId } = attempt;
  try {
    const at = redirectUri(attempt, provider);
    return await exchangeCode(runtime.resolver, provider, metadata, at, parameters, secrets);
  } catch (error) {
    if (!(error instanceof ExchangeFailed)) throw error;
    const { reason, providerError, cause } = error;
    const { providerId } = provider;
    runtime.log.warn(
      { requestId, providerId, reason, providerError, error: describeError(cause ?? error) },
      "the exchange with a provider failed",
    );
    return reason;
  }
}

/** Returns the address to which the provider redirects the browser. */
function redirectUri({ origin }: SignInContext, { slug }: OidcProvider): string {
  return `${origin}${signInEndpoint}/callback/${slug}`;
}

/** Redirects to an address; a form that requests JSON gets the address in the body. */
function sentTo(url: string, asJson: boolean): Response {
  return asJson ? Response.json({ url }) : new Response(null, { status: 302, headers: { location: url } });
}

/** Redirects to the sign-in page with an error, and deletes the cookies of the attempt. */
function redirectWithError(attempt: SignInContext, visitorError: VisitorError, asJson: boolean): Response {
  const response = sentTo(`${attempt.origin}/sign-in?error=${visitorError}`, asJson);
  for (const line of endedSecretCookies(attempt)) response.headers.append("set-cookie", line);
  return response;
}

/**
 * Returns a page that continues by itself, because a browser omits `strict` cookies after a redirect from another site.
 */
function fromOurOwn(response: Response): Response {
  const headers = new Headers(response.headers);
  headers.set("refresh", `0; url=${headers.get("location") ?? "/"}`);
  headers.delete("location");
  return new Response(null, { status: 200, headers });
}
