import type { oidcProviders } from "#drizzle/persons";
import { clientSecretSealContext } from "#src/identity/external/provider";
import { newId } from "#src/platform/ids";
import type { Browser } from "./browser";
import type { RunningProvider } from "./oidc-provider";
import { providerRows } from "./rows/persons";
import { testOrigin, type World } from "./world";

/** The result of a sign-in through a provider: the status and the final redirect. */
export interface SignedIn {
  readonly status: number;
  readonly location: string | null;
}

/** The address to which a provider redirects after the sign-in. */
export const redirectUri = (slug: string): string => `${testOrigin}/api/auth/callback/${slug}`;

/** Sends the form that starts a sign-in through a provider. */
export async function startSignIn(
  browser: Browser,
  slug: string,
  fields: Record<string, string> = {},
): Promise<Response> {
  const csrfToken = await browser.formToken();
  return browser.fetch(`/api/auth/signin/${slug}`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ csrfToken, ...fields }).toString(),
  });
}

/** Visits the provider. @returns the path that the browser would request after the redirect back */
export async function comeBack(browser: Browser, provider: RunningProvider, slug: string): Promise<string> {
  const started = await startSignIn(browser, slug);
  const back = await provider.visit(started.headers.get("location") ?? "");
  return `${back.pathname}${back.search}`;
}

/** Performs the complete sign-in through a provider. */
export async function signInBy(
  browser: Browser,
  provider: RunningProvider,
  slug: string,
  fields: Record<string, string> = {},
): Promise<SignedIn> {
  const started = await startSignIn(browser, slug, fields);
  const back = await provider.visit(started.headers.get("location") ?? "");
  const response = await browser.fetch(`${back.pathname}${back.search}`);
  return { status: response.status, location: response.headers.get("location") };
}

/** Inserts a row into `oidc_providers`, by default a provider of the installation. @returns its id */
export async function insertProvider(
  world: World,
  provider: Pick<RunningProvider, "issuer" | "clientId" | "clientSecret">,
  slug: string,
  more: Partial<typeof oidcProviders.$inferInsert> = {},
): Promise<string> {
  const providerId = newId("provider");
  const { issuer, clientId, clientSecret } = provider;
  const clientSecretSealed = world.runtime.sealer.seal(clientSecretSealContext(providerId), clientSecret);
  await providerRows.insert(world.db.owner, {
    providerId,
    slug,
    name: slug,
    issuer,
    clientId,
    clientSecretSealed,
    ...more,
  });
  return providerId;
}
