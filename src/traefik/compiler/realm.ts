/**
 * What visitors see in the password dialogue: the application's name, made harmless.
 *
 * Traefik writes the realm between quotes without escaping it. Invisible and direction-changing characters go too,
 * so that one name cannot be shown as another.
 * @param fallback for a name of which nothing is left
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
