/**
 * The list of common passwords (about 49,000, all lower-case), loaded when it is first asked for.
 * Loading holds the event loop for some 30 ms once and keeps about 4 MB; call it early where that matters.
 */
let list: Promise<ReadonlySet<string>> | null = null;

/** @returns whether a lower-case text is on the list */
export async function loadCommonPasswords(): Promise<(text: string) => boolean> {
  list ??= import("@zxcvbn-ts/language-common").then(({ dictionary }) => new Set(dictionary["passwords-common"]));
  const common = await list;
  return (text) => common.has(text);
}
