/** The maximum length of a request target in bytes. Node's own limit of 16 KiB is for all headers together. */
const longestTarget = 8_192;

/** The maximum length of the path. The rest of the target may contain the input of a query. */
const longestPath = 1_024;

/** RFC 3986: `pchar` and the slash, plus the brackets in file names of pages. No backslash, fragment or space. */
const pathCharacters = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/[\]]|%[0-9A-Fa-f]{2})+$/;

/** Characters after the path. No `#`: clients never send a fragment, and URL parsers treat it differently. */
const queryCharacters = /^[\x21\x22\x24-\x7e]*$/;

/** Escapes that are unnecessary, or that a parser can treat as an end, a separator or the start of another escape. */
const neverEscaped =
  /%(?:[01][0-9A-Fa-f]|7[Ff]|2[DdEeFf]|5[CcFf]|25|3[0-9]|4[1-9A-Fa-f]|5[0-9Aa]|6[1-9A-Fa-f]|7[0-9AaEe])/;

/** A request target with an unambiguous path, or why it is refused. */
export type RequestTarget =
  | { readonly ok: true; readonly path: string }
  | { readonly ok: false; readonly status: 400 | 414; readonly problem: `its target ${string}` };

/**
 * Parses a request target. An accepted path is in its only spelling: the URL parser, the router of the pages and the
 * log all use the same text, so the checked path is the path that is served. Other spellings of the same path are
 * refused, not rewritten, because a proxy in front may have decided on the original text.
 * @param target the second word of a request line
 */
export function readRequestTarget(target: string): RequestTarget {
  if (target.length > longestTarget) return refused("is too long", 414);
  if (!target.startsWith("/")) return refused("has to start with a slash");
  const at = target.indexOf("?");
  const path = at < 0 ? target : target.slice(0, at);
  if (path.length > longestPath) return refused("has a path that is too long", 414);
  if (!pathCharacters.test(path)) return refused("has a character in its path that has to be escaped");
  if (at >= 0 && !queryCharacters.test(target.slice(at))) return refused("has a character that has to be escaped");
  if (path.includes("//")) return refused("has an empty segment in its path");
  if (/\/\.{1,2}(?:\/|$)/.test(path)) return refused("has a dot segment in its path");
  if (neverEscaped.test(path)) return refused("has an escape in its path that a path does not need");
  if (!isUtf8(path)) return refused("has an escape in its path that is not UTF-8");
  return { ok: true, path };
}

function refused(problem: string, status: 400 | 414 = 400): RequestTarget {
  return { ok: false, status, problem: `its target ${problem}` };
}

function isUtf8(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}
