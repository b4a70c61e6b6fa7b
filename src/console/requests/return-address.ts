/**
 * Returns the address to open after a sign-in: the page of the console that `callbackUrl` names, otherwise the first
 * page. Addresses of other sites are ignored. The fragment, which contains the token of a link, is kept: browsers do
 * not send it to servers.
 * @returns the full address, because the path `//elsewhere` would be another host
 */
export function returnAddress({ search, origin, hash }: Pick<Location, "search" | "origin" | "hash">): string {
  const requested = new URLSearchParams(search).get("callbackUrl") ?? "/";
  const target = URL.canParse(requested, origin) ? new URL(requested, origin) : null;
  if (target?.origin !== origin) return `${origin}/`;
  target.hash ||= hash;
  return target.href;
}

/**
 * Returns the address of the account page for a person who must complete a step there first. It keeps the return
 * address.
 * @returns a path with query and fragment
 */
export function firstToAccount({ search, hash }: Pick<Location, "search" | "hash">): string {
  return `/account${search}${hash}`;
}
