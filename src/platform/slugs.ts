/** Slugs: 1–63 lower-case letters, digits and single hyphens, starting and ending with a letter or digit. */

const maxSlug = 63;

/** Letters that Unicode does not decompose into a base letter and a mark. */
const plain: Readonly<Record<string, string>> = {
  ß: "ss",
  æ: "ae",
  œ: "oe",
  ø: "o",
  đ: "d",
  ð: "d",
  ł: "l",
  þ: "th",
  ı: "i",
};

/**
 * Derives a slug from a name. A name of digits only gets the prefix `app-`, and a name without usable characters
 * becomes `app`. Different names can give the same slug: see `nextSlug`.
 */
export function slugOf(name: string): string {
  const letters = name
    .slice(0, 1_000)
    .normalize("NFKD")
    .toLowerCase()
    .replace(/\p{M}/gu, "")
    .replace(/[ßæœøđðłþı]/g, (letter) => plain[letter] ?? "");
  const slug = cut(letters.replace(/[^a-z0-9]+/g, "-").replace(/^-/, ""), maxSlug);
  if (/[a-z]/.test(slug)) return slug;
  return slug === "" ? "app" : cut(`app-${slug}`, maxSlug);
}

/** Returns `base` if it is free, otherwise the first free slug of `base-2`, `base-3`, … */
export function nextSlug(base: string, taken: { has(slug: string): boolean }): string {
  if (!taken.has(base)) return base;
  for (let number = 2; ; number += 1) {
    const ending = `-${number}`;
    const slug = `${cut(base, maxSlug - ending.length)}${ending}`;
    if (!taken.has(slug)) return slug;
  }
}

function cut(slug: string, length: number): string {
  return slug.slice(0, length).replace(/-+$/, "");
}
