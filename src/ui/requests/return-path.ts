/**
 * Where to go on after signing in: the page of ours that `callbackUrl` names, or else the first one. An address
 * elsewhere is not followed. What stands behind the `#` here, a link's token, goes along: it is sent to nobody.
 */
export function returnPath({ search, origin, hash }: Pick<Location, "search" | "origin" | "hash">): string {
  const asked = new URLSearchParams(search).get("callbackUrl");
  if (asked === null || !URL.canParse(asked, origin)) return "/";
  const target = new URL(asked, origin);
  return target.origin === origin ? `${target.pathname}${target.search}${target.hash || hash}` : "/";
}
