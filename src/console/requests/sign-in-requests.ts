import { RefusedRequest, refusedBy } from "./refused-request";

/** Signs in with one of the methods: `password`, `second-factor`, `passkey`, `link`, `invitation`. @throws RefusedRequest */
export async function signInBy(method: string, fields: Readonly<Record<string, string>>): Promise<void> {
  await post(`callback/${method}`, fields);
}

/**
 * Starts a sign-in at an OIDC provider.
 * @param returnTo an address of the console
 * @returns the address of the provider, which the browser must open
 * @throws RefusedRequest
 */
export function beginSignInAt(provider: string, returnTo: string): Promise<string> {
  return post(`signin/${provider}`, { callbackUrl: returnTo });
}

/** Ends the session. @throws RefusedRequest */
export async function signOut(): Promise<void> {
  await post("signout", {});
}

/** Sends a form to `/api/auth` with its form token. @returns the address to open next */
async function post(path: string, fields: Readonly<Record<string, string>>): Promise<string> {
  const { csrfToken } = (await send("csrf")) as { csrfToken: string };
  const body = new URLSearchParams({ callbackUrl: location.origin, ...fields, csrfToken, json: "true" });
  const { url } = (await send(path, { method: "POST", body })) as { url: string };
  const { searchParams } = new URL(url, location.origin);
  const error = searchParams.get("error");
  if (error !== null) throw new RefusedRequest("sign_in_refused", signInErrorText(error));
  return url;
}

async function send(path: string, init: RequestInit = {}): Promise<unknown> {
  const response = await fetch(`/api/auth/${path}`, { ...init, credentials: "same-origin" }).catch(() => null);
  const body = await response?.json().catch(() => null);
  if (response?.ok && body) return body;
  throw refusedBy(body?.error ?? {});
}

/**
 * Returns the text for `?error=` in the address after a provider returned a person: what to ask the administrator for.
 * The exact reason is on the provider and in the audit log.
 */
export function signInErrorText(error: string): string {
  return Object.hasOwn(errorTexts, error) ? (errorTexts[error] ?? anyError) : anyError;
}

const anyError =
  "Signing in did not work. Try again. If it does not work again, ask an administrator: the provider's last refusal and the audit log say why.";

const errorTexts: Readonly<Record<string, string>> = {
  SessionRequired: "Sign in to see this page.",
  provider_unavailable:
    "The sign-in provider does not answer. Try again in a few minutes. If it does not work again, ask an administrator to look at the provider's last refusal.",
  provider_email_unverified:
    "The sign-in provider does not confirm that your e-mail address is yours. Ask your administrator to let the provider send email_verified (Microsoft Entra ID: xms_edov), or to change emailProof of the provider here.",
  provider_email_missing:
    "The sign-in provider sent no e-mail address. Ask your administrator to give you one in the directory, and to let the provider send the claim email.",
  provider_groups_unknown:
    "The sign-in provider did not say in which groups you are. Ask your administrator to let the provider send your groups, or fewer of them.",
};
