/** The addresses of a provider: what browsers use, and what this server uses. */
export interface Endpoints {
  readonly authorization: string;
  readonly token: string;
  readonly jwks: string;
  readonly userinfo: string | null;
}

interface Where {
  /** The public one. */
  readonly issuer: string;
  /** This server's own way there. */
  readonly internalUrl: string | null;
}

/** Where a provider says what it is: at the issuer, on this server's own way to it. */
export function discoveryUrl({ issuer, internalUrl }: Where): string {
  return `${bare(internalUrl ?? issuer)}/.well-known/openid-configuration`;
}

/**
 * What is for browsers stands at the public address, and what this server asks for at the internal one, whichever of
 * the two the provider believes to be at. An endpoint on a host that is neither stays where it is.
 */
export function placeEndpoints(endpoints: Endpoints, { issuer, internalUrl }: Where): Endpoints {
  if (internalUrl === null) return endpoints;
  const inside = (url: string) => moved(url, issuer, internalUrl);
  return {
    authorization: moved(endpoints.authorization, internalUrl, issuer),
    token: inside(endpoints.token),
    jwks: inside(endpoints.jwks),
    userinfo: endpoints.userinfo === null ? null : inside(endpoints.userinfo),
  };
}

/** Below the one address, or else on its host: below the other, or on its host. */
function moved(url: string, from: string, to: string): string {
  if (url.startsWith(`${bare(from)}/`)) return bare(to) + url.slice(bare(from).length);
  const target = new URL(url);
  return target.origin === new URL(from).origin ? new URL(to).origin + url.slice(target.origin.length) : url;
}

/** Whether two issuers differ in their last slash at most: providers are asked at the same address for both. */
export function isSameIssuer(one: string, other: string): boolean {
  return withoutLastSlash(one) === withoutLastSlash(other);
}

/** An issuer, ending in a slash exactly where the other does. */
export function withSlashOf(issuer: string, other: string): string {
  return `${withoutLastSlash(issuer)}${other.endsWith("/") ? "/" : ""}`;
}

function withoutLastSlash(url: string): string {
  return url.replace(/\/$/, "");
}

function bare(url: string): string {
  return url.replace(/\/+$/, "");
}
