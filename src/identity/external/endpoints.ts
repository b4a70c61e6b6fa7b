/** The addresses of a provider: for browsers, and for this server. */
export interface Endpoints {
  readonly authorization: string;
  readonly token: string;
  readonly jwks: string;
  readonly userinfo: string | null;
}

interface Where {
  /** The public issuer URL. */
  readonly issuer: string;
  /** The URL by which this server reaches the issuer. */
  readonly internalUrl: string | null;
}

/** The discovery URL: at the issuer, by the URL that this server uses. */
export function discoveryUrl({ issuer, internalUrl }: Where): string {
  return `${bare(internalUrl ?? issuer)}/.well-known/openid-configuration`;
}

/**
 * Endpoints for browsers are at the public address, and endpoints that this server calls are at the internal address,
 * whichever of the two the provider uses in its metadata. An endpoint on another host is not changed.
 */
export function endpointsByCaller(endpoints: Endpoints, { issuer, internalUrl }: Where): Endpoints {
  if (internalUrl === null) return endpoints;
  const inside = (url: string) => moved(url, issuer, internalUrl);
  return {
    authorization: moved(endpoints.authorization, internalUrl, issuer),
    token: inside(endpoints.token),
    jwks: inside(endpoints.jwks),
    userinfo: endpoints.userinfo === null ? null : inside(endpoints.userinfo),
  };
}

/** Moves a URL below the one address, or on its host, to below the other address, or to its host. */
function moved(url: string, from: string, to: string): string {
  if (url.startsWith(`${bare(from)}/`)) return bare(to) + url.slice(bare(from).length);
  const target = new URL(url);
  return target.origin === new URL(from).origin ? new URL(to).origin + url.slice(target.origin.length) : url;
}

/** Whether two issuers differ at most in their trailing slash. Both have the same discovery URL. */
export function isSameIssuer(one: string, other: string): boolean {
  return withoutLastSlash(one) === withoutLastSlash(other);
}

/** An issuer, with a trailing slash exactly if the other issuer has one. */
export function withSlashOf(issuer: string, other: string): string {
  return `${withoutLastSlash(issuer)}${other.endsWith("/") ? "/" : ""}`;
}

function withoutLastSlash(url: string): string {
  return url.replace(/\/$/, "");
}

function bare(url: string): string {
  return url.replace(/\/+$/, "");
}
