/**
 * The realm in the password dialog: the application's name without unsafe characters.
 *
 * Traefik writes the realm between quotes without escaping it. Invisible and direction-changing characters are removed
 * as well, so that one name cannot look like another.
 * @param fallback used if no character of the name remains
 */
export function realmOf(name: string, fallback: string): string {
  const plain = name
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u2551]/gu, "")
    .replaceAll('"', "'")
    .replaceAll("\\", "/")
    .replace(/\s+/g, " ")
    .trim();
  return plain === "" ? fallback : [...plain].slice(0, 100).join("").trim();
}
