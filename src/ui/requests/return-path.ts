/**
 * Where to go on after signing in: the page of ours that `callbackUrl` names, or else the first one. An address
 * elsewhere is not followed.
 */
export function returnPath(search: string, origin: string): string {
  const asked = new URLSearchParams(search).get("callbackUrl");
  if (asked === null || !URL.canParse(asked, origin)) return "/";
  const target = new URL(asked, origin);
  return target.origin === origin ? `${target.pathname}${target.search}${target.hash}` : "/";
}
