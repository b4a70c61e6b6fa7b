/**
 * Where to go on after signing in: the page of ours that `callbackUrl` names, or else the first one. An address
 * elsewhere is not followed. What stands behind the `#` here, a link's token, goes along: it is sent to nobody.
 * @returns the whole address: as a path, `//elsewhere` would be another host
 */
export function returnAddress({ search, origin, hash }: Pick<Location, "search" | "origin" | "hash">): string {
  const asked = new URLSearchParams(search).get("callbackUrl") ?? "/";
  const target = URL.canParse(asked, origin) ? new URL(asked, origin) : null;
  if (target?.origin !== origin) return `${origin}/`;
  target.hash ||= hash;
  return target.href;
}

/**
 * The account, for whoever has something to do there before anything else. What says where to go on goes along.
 * @returns a path with what stands behind it
 */
export function firstToAccount({ search, hash }: Pick<Location, "search" | "hash">): string {
  return `/account${search}${hash}`;
}
