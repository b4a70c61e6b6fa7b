import { useEffect, useState } from "react";

/**
 * Returns the token in the fragment of a link: browsers do not send it to servers, and it is removed from the address
 * after use.
 * @returns null until it is known, and an empty text if there is none
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

/** Removes a used token from the address and from the browser's history. */
export function forgetLinkToken(): void {
  history.replaceState(null, "", location.pathname);
}
