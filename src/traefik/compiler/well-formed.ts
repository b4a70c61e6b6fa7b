/**
 * The normal forms of values that reach the compiler. The contracts already produce them. These patterns are written
 * separately, and narrower, because a value that reaches a rule or a list unescaped breaks every tenant of the gateway.
 */

const ID = /^[a-z]{2,8}_[a-z0-9]{1,40}$/;
const LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const EXACT_HOST = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);
const SEGMENT = "[A-Za-z0-9._~@:+,=!$&-]+";
const PATH_PREFIX = new RegExp(`^(?:/${SEGMENT})+$`);
const UPSTREAM = /^(https?):\/\/([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([1-9][0-9]{0,4}))?$/;
const ENTRY_POINT = /^[a-z][a-z0-9-]{0,30}$/;
const SERVER_NAME = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/;
/**
 * Control characters, DEL, characters that a YAML reader may fold or refuse, and the separator at which Traefik's file
 * reader splits list items (U+2551).
 */
const NEVER_IN_A_LIST = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}\ufeff\u2551]/u;

/** A prefixed, sortable id (`app_01h…`), safe in file names and in Traefik's names. */
export function isId(id: string): boolean {
  return ID.test(id);
}

/** A lower-case host name of A-labels, no trailing dot, at most 253 characters. */
export function isExactHost(host: string): boolean {
  return host.length <= 253 && EXACT_HOST.test(host);
}

/** An exact host, or `*.` before one. */
export function isHost(host: string): boolean {
  return isExactHost(isWildcard(host) ? host.slice(2) : host);
}

export function isWildcard(host: string): boolean {
  return host.startsWith("*.");
}

/** `/one/or/more` whole segments, no dot segments, no trailing slash, at most 1,000 characters. */
export function isPathPrefix(path: string): boolean {
  if (path.length > 1_000 || !PATH_PREFIX.test(path)) return false;
  return !path.split("/").some((segment) => segment === "." || segment === "..");
}

/**
 * `http(s)://host[:port]`, in the form that a URL parser leaves unchanged, so that an address has only one spelling.
 */
export function isUpstreamUrl(url: string): boolean {
  const [, , host, port] = UPSTREAM.exec(url) ?? [];
  if (host === undefined || host.length > 253 || host.endsWith(".") || host.includes("..")) return false;
  if (port !== undefined && Number(port) > 65_535) return false;
  return URL.canParse(url) && new URL(url).hostname === host;
}

/** The name that an upstream's certificate must contain. Container names may include underscores. */
export function isServerName(name: string): boolean {
  return name.length <= 253 && SERVER_NAME.test(name);
}

/**
 * 1–255 bytes, without `:`, control characters, `║`, and leading or trailing white space (Traefik trims list items).
 */
export function isUsername(username: string): boolean {
  if (username.trim() !== username || username.includes(":") || NEVER_IN_A_LIST.test(username)) return false;
  const bytes = Buffer.byteLength(username, "utf8");
  return bytes >= 1 && bytes <= 255;
}

/** A name of an entry point that Traefik's static configuration accepts. */
export function isEntryPoint(name: string): boolean {
  return ENTRY_POINT.test(name);
}
