import { parseCookie } from "cookie";

/** Returns the CSRF token that a change must send in addition to the session cookie; null if no one is signed in. */
export function csrfToken(): string | null {
  const cookies = parseCookie(document.cookie);
  return cookies["__Host-portcullis.csrf"] ?? cookies["portcullis.csrf"] ?? null;
}
