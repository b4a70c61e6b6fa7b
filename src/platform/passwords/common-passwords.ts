/**
 * The list of common passwords (about 49,000, all lower-case), loaded on first use. Loading blocks the event loop once
 * for about 30 ms and uses about 5 MB; load it early if that matters.
 */
let list: Promise<(text: string) => boolean> | null = null;

/** @returns whether a lower-case text is on the list */
export async function loadCommonPasswords(): Promise<(text: string) => boolean> {
  list ??= import("@zxcvbn-ts/language-common").then(({ dictionary }) => createLookup(dictionary["passwords-common"]));
  return list;
}

/** The range of `beginningOf`: about twenty numbers for every text of the list. */
const beginnings = 2 ** 20;

/**
 * Creates a fast lookup. One password needs a hundred lookups of its pieces, and nearly all pieces are not on the list.
 * The length and the first characters show this many times faster than a lookup in the list.
 */
function createLookup(texts: Iterable<string>): (text: string) => boolean {
  const common = new Set(texts);
  const known = new Uint8Array(beginnings);
  for (const text of common) known[beginningOf(text)] = 1;
  return (text) => known[beginningOf(text)] === 1 && common.has(text);
}

/** Returns a number below `beginnings`, equal for equal texts. */
function beginningOf(text: string): number {
  let number = text.length;
  for (let at = 0; at < 4 && at < text.length; at++) number = Math.imul(number, 0x9e3779b1) ^ text.charCodeAt(at);
  return (Math.imul(number, 0x9e3779b1) >>> 12) % beginnings;
}
