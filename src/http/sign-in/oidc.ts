import { decode } from "next-auth/jwt";
import { DiscoveryFailed, discover, type Metadata } from "../../identity/external/discover";
import type { Provider } from "../../identity/external/provider";
import { isKnown } from "../../identity/external/provider-claims";
import { recordProviderRefusal } from "../../identity/external/record-refusal";
import { rememberState, spendState } from "../../identity/external/states";
import { limits } from "../../identity/limits";
import { takeTry } from "../../identity/sign-in/take-try";
import type { Attempt } from "../../identity/sign-in-context";
import { describeError } from "../describe-error";
import { cookieNames, cookieOptions, isSecure } from "./cookies";
import { nothingYet, type OidcOutcome, oidcOptions } from "./oidc-options";
import { refuseForeignForm } from "./refuse-sign-in";
import { type AuthResponse, runNextAuth, targetOf } from "./run-next-auth";
import { csrfCookie } from "./session-cookies";
import type { SignInRequest } from "./sign-in-request";

/** What a visitor is told, as `/sign-in?error=…`: never what this installation knows of them or of others. */
type Told =
  | "provider_refused"
  | "provider_unavailable"
  | "provider_email_unverified"
  | "provider_email_missing"
  | "provider_groups_unknown";

/** Reasons that follow from the groups of somebody, or from their membership, whatever their address is. */
const notOfAddress = new Set(["no_role_for_groups", "not_a_member", "provider_changed"]);

/**
 * What somebody whose tokens were checked can ask their administrator for. It follows from their own claims and from which
 * lists the provider has, so that it is the same whether an address is in a list, or has an account, or not.
 */
function toldOf(
  { allowedEmails, allowedDomains }: Provider,
  { claims }: Pick<OidcOutcome, "claims">,
  reason: string,
): Told {
  if (claims === null || notOfAddress.has(reason)) return "provider_refused";
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
export async function startOidc(request: SignInRequest, provider: Provider): Promise<Response> {
  const { attempt, body, cookies } = request;
  const { runtime, origin, ip } = attempt;
  await takeTry(attempt, limits.oidcStartByAddress, ip ?? "unknown");
  const metadata = await ask(attempt, provider);
  if (metadata === null) return toldAt(attempt, "provider_unavailable", body.json === "true");
  const answer = await runNextAuth(
    // What the caller adds to the address would otherwise be sent on to the provider.
    { method: "POST", segments: ["signin", provider.slug], query: {}, body, cookies, origin },
    oidcOptions(attempt, provider, metadata, false, nothingYet()),
  );
  const target = targetOf(answer);
  const state = target?.searchParams.get("state");
  if (!target || !state || !answer.headers.has("set-cookie")) {
    return refuseForeignForm(attempt);
  }
  await rememberState(runtime, state, { providerId: provider.providerId, remember: body.remember === "true" });
  return handedOn(answer);
}

/** What the browser brings back from a provider: a session, or a word that there is none. */
export async function finishOidc(request: SignInRequest, provider: Provider): Promise<Response> {
  const { attempt, query, cookies } = request;
  const { runtime, origin } = attempt;
  const refused = async (reason: string, told: Told = "provider_refused") => {
    await recordProviderRefusal(attempt, provider, reason);
    return toldAt(attempt, told, false);
  };
  const state = query.get("state") ?? "";
  const foreign = await whyNotOurs(attempt, provider, state, cookies);
  if (foreign !== null) return refused(foreign);
  const spent = await spendState(runtime, state, provider.providerId);
  if (!spent.ok) return refused(spent.reason);
  if (query.has("error")) return refused(query.get("error") === "access_denied" ? "access_denied" : "provider_error");
  const code = query.get("code");
  if (!code) return refused("code_missing");
  const metadata = await ask(attempt, provider);
  if (metadata === null) return toldAt(attempt, "provider_unavailable", false);
  const iss = query.get("iss");
  if (iss === null && metadata.namesIssuer) return refused("issuer_missing");
  const outcome = nothingYet();
  const answer = await runNextAuth(
    {
      method: "GET",
      segments: ["callback", provider.slug],
      query: { code, state, ...(iss === null ? {} : { iss }) },
      body: {},
      cookies,
      origin,
    },
    oidcOptions(attempt, provider, metadata, spent.remember, outcome),
  );
  if (outcome.failure !== null) throw outcome.failure;
  if (outcome.opened === null) {
    if (outcome.refusedFor !== null) return toldAt(attempt, toldOf(provider, outcome, outcome.refusedFor), false);
    const reason = outcome.reason ?? "exchange_failed";
    return refused(reason, reason === "provider_unavailable" ? "provider_unavailable" : "provider_refused");
  }
  const response = handedOn(answer);
  response.headers.append("set-cookie", csrfCookie(attempt, outcome.opened));
  return runtime.signIn.sameSite === "strict" ? fromOurOwn(response) : response;
}

/** What the provider says of itself; null, with the reason in the audit log, where it says nothing. */
async function ask(attempt: Attempt, provider: Provider): Promise<Metadata | null> {
  const { runtime, requestId } = attempt;
  try {
    return await discover(runtime, provider);
  } catch (error) {
    if (!(error instanceof DiscoveryFailed)) throw error;
    const { providerId } = provider;
    runtime.log.warn({ requestId, providerId, error: describeError(error.cause ?? error) }, "a provider was not found");
    await recordProviderRefusal(attempt, provider, error.reason);
    return null;
  }
}

/**
 * Whether this browser began what it comes back from, with this provider: its cookies say so. next-auth asks again, but
 * cannot say which of them it was.
 */
async function whyNotOurs(
  { runtime, origin }: Attempt,
  { slug }: Provider,
  state: string,
  cookies: Readonly<Record<string, string>>,
): Promise<string | null> {
  if (state === "") return "state_missing";
  const names = cookieNames(origin);
  const secret = runtime.signer.keys("sign-in")[0];
  const kept = async (name: string) => {
    const token = cookies[name];
    return token ? decode({ token, secret, salt: name }).catch(() => null) : null;
  };
  const [ofState, ofNonce, ofPkce] = await Promise.all([kept(names.state), kept(names.nonce), kept(names.pkce)]);
  if (ofState === null) return "state_not_of_this_browser";
  if (ofState.provider !== slug) return "provider_mismatch";
  if (ofState.value !== state) return "state_mismatch";
  if (ofNonce?.provider !== slug) return "nonce_not_of_this_browser";
  return ofPkce?.provider === slug ? null : "pkce_not_of_this_browser";
}

function handedOn({ status, headers, body }: AuthResponse): Response {
  return new Response(body, { status, headers });
}

/** Back to the sign-in page, with what is kept of the try gone. */
function toldAt(attempt: Attempt, told: Told, asJson: boolean): Response {
  const { origin, runtime } = attempt;
  const url = `${origin}/sign-in?error=${told}`;
  const response = asJson ? Response.json({ url }) : new Response(null, { status: 302, headers: { location: url } });
  const { state, nonce, pkce } = cookieNames(origin);
  const { path } = cookieOptions(origin, runtime);
  for (const name of [state, nonce, pkce]) {
    const secure = isSecure(origin) ? "; Secure" : "";
    response.headers.append("set-cookie", `${name}=; Path=${path}; Max-Age=0; HttpOnly; SameSite=Lax${secure}`);
  }
  return response;
}

/** After a redirect from another site a browser leaves `strict` cookies out: this page goes on by itself. */
function fromOurOwn(response: Response): Response {
  const headers = new Headers(response.headers);
  headers.set("refresh", `0; url=${headers.get("location") ?? "/"}`);
  headers.delete("location");
  return new Response(null, { status: 200, headers });
}
