/** The token that a change has to carry beside the session's cookie; null where nobody has signed in. */
export function csrfToken(): string | null {
  const names = ["__Host-portcullis.csrf", "portcullis.csrf"];
  for (const part of document.cookie.split("; ")) {
    const at = part.indexOf("=");
    if (names.includes(part.slice(0, at))) return decodeURIComponent(part.slice(at + 1));
  }
  return null;
}
