import { parseCookie } from "cookie";

/** The token that a change has to carry beside the session's cookie; null where nobody has signed in. */
export function csrfToken(): string | null {
  const cookies = parseCookie(document.cookie);
  return cookies["__Host-portcullis.csrf"] ?? cookies["portcullis.csrf"] ?? null;
}
