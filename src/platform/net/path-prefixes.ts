/**
 * Path prefixes of routes: whole segments, each in one spelling. They select an upstream but are not a security
 * boundary, because gateways and upstreams parse paths differently.
 */

export type PathProblem =
  | "path_not_absolute"
  | "path_too_long"
  | "path_bad_character"
  | "path_empty_segment"
  | "path_dot_segment";

export type ParsedPathPrefix =
  /** `null`: the whole host. */
  { readonly ok: true; readonly pathPrefix: string | null } | { readonly ok: false; readonly problem: PathProblem };

const maxPath = 255;

/**
 * The characters that RFC 3986 allows in a path, without those that have a special meaning in upstreams or rules: `;`,
 * `%`, quotes, `*`, parentheses.
 */
const allowed = /^[A-Za-z0-9._~@:+,=!$&/-]*$/;

/** Parses a path prefix. One trailing slash is removed; `/` or an empty text means the whole host. */
export function parsePathPrefix(text: string): ParsedPathPrefix {
  if (text === "" || text === "/") return { ok: true, pathPrefix: null };
  if (!text.startsWith("/")) return refused("path_not_absolute");
  if (text.length > maxPath) return refused("path_too_long");
  if (!allowed.test(text)) return refused("path_bad_character");
  const path = text.endsWith("/") ? text.slice(0, -1) : text;
  const segments = path.split("/").slice(1);
  if (segments.includes("")) return refused("path_empty_segment");
  if (segments.includes(".") || segments.includes("..")) return refused("path_dot_segment");
  return { ok: true, pathPrefix: path };
}

function refused(problem: PathProblem): ParsedPathPrefix {
  return { ok: false, problem };
}
