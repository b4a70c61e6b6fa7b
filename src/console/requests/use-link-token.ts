import { useEffect, useState } from "react";

/**
 * The token of a link, which stands behind its `#`: it is sent to nobody, and leaves the address once it is used.
 * @returns null until it is known, and an empty text where there is none
 */
export function useLinkToken(): string | null {
  const [token, setToken] = useState<string | null>(null);
  useEffect(() => {
    const read = () => setToken(location.hash.slice(1));
    read();
    window.addEventListener("hashchange", read);
    return () => window.removeEventListener("hashchange", read);
  }, []);
  return token;
}

/** Takes a used token out of the address, and so out of the browser's history. */
export function forgetLinkToken(): void {
  history.replaceState(null, "", location.pathname);
}
