const longestShown = 100;

/** Quotes a value, as one printable line of limited length. */
export function quoted(text: string): string {
  return `"${plain(text)}"`;
}

/** Like `quoted`, but without quotes. */
export function plain(text: string): string {
  const characters = [...printable(text)];
  return characters.length > longestShown ? `${characters.slice(0, longestShown).join("")}…` : characters.join("");
}

/** Like `quoted`, for a host or a URL: without the user name and password that a URL can carry. */
export function quotedUrl(text: string): string {
  return quoted(text.replace(/(^|\/\/)[^/?#\\]*@/, "$1…@"));
}

/**
 * Replaces control characters, and characters that are invisible or change the text direction, with their code points.
 */
export function printable(text: string): string {
  return text.slice(0, 2_048).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

/** Joins values as in a sentence: `a, b and c`. */
export function inWords(parts: readonly string[]): string {
  const last = parts.at(-1) ?? "";
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(", ")} and ${last}`;
}

/** Joins alternatives, each quoted: `"a" or "b"`. */
export function oneOf(values: readonly string[]): string {
  return values.map(quotedUrl).join(" or ");
}
