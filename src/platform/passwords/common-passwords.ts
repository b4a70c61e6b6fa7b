/**
 * The list of common passwords (about 49,000, all lower-case), loaded when it is first asked for.
 * Loading holds the event loop for some 30 ms once and keeps about 5 MB; call it early where that matters.
 */
let list: Promise<(text: string) => boolean> | null = null;

/** @returns whether a lower-case text is on the list */
export async function loadCommonPasswords(): Promise<(text: string) => boolean> {
  list ??= import("@zxcvbn-ts/language-common").then(({ dictionary }) => lookIn(dictionary["passwords-common"]));
  return list;
}

/** Numbers of `beginningOf`, some twenty for every text of the list. */
const beginnings = 2 ** 20;

/**
 * A password is asked about in a hundred pieces, and nearly all of them are on no list: length and first characters
 * tell so many times as fast as a look at the list itself.
 */
function lookIn(texts: Iterable<string>): (text: string) => boolean {
  const common = new Set(texts);
  const known = new Uint8Array(beginnings);
  for (const text of common) known[beginningOf(text)] = 1;
  return (text) => known[beginningOf(text)] === 1 && common.has(text);
}

/** A number below `beginnings`, equal for equal texts. */
function beginningOf(text: string): number {
  let number = text.length;
  for (let at = 0; at < 4 && at < text.length; at++) number = Math.imul(number, 0x9e3779b1) ^ text.charCodeAt(at);
  return (Math.imul(number, 0x9e3779b1) >>> 12) % beginnings;
}
