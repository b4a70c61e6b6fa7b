import { isIP } from "node:net";
import { domainToASCII, domainToUnicode } from "node:url";

/**
 * Host names as routes and claims hold them: lower-case A-labels, no dot at the end, `*.` as the whole first label of a wildcard.
 * One name has exactly one such form, whatever was typed, so that a claim cannot be walked around by spelling.
 */

export type HostProblem =
  | "host_empty"
  | "host_too_long"
  | "host_bad_character"
  | "host_bad_label"
  | "host_wildcard_misplaced"
  | "host_wildcard_too_wide"
  | "host_ip_address";

export type ParsedHost =
  | { readonly ok: true; readonly host: string; readonly wildcard: boolean }
  | { readonly ok: false; readonly problem: HostProblem };

/** In characters; without the dot at the end (RFC 1035, 255 bytes on the wire). */
const maxHost = 253;
const maxTyped = 1_024;

/** Letters, digits and hyphens, none of these at the ends. Underscores are left out: no certificate can be had for them. */
const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** ASCII that no host name holds: ports, paths, quotes, braces, templates, percent-encoding, space, controls, underscores. */
const foreignAscii = /[^A-Za-z0-9.\-\u0080-\u{10ffff}]/u;

/** What cannot be seen, or is no character; the two joiners, which some scripts need, are left to IDNA's own rule. */
const invisible = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Z}\p{Default_Ignorable_Code_Point}║]/u;

/**
 * Reads a host name as a person typed it: upper case, full-width letters and dots, U-labels and one dot at the end are normalized.
 * Scripts may be mixed and emoji used, as far as IDNA (UTS 46, as in the URL standard) has an A-label for them.
 * A wildcard covers exactly one label, and has two labels behind it, or `localhost`.
 */
export function parseHost(text: string): ParsedHost {
  if (text === "") return refused("host_empty");
  if (text.length > maxTyped) return refused("host_too_long");
  const wildcard = text.startsWith("*.");
  const typed = wildcard ? text.slice(2) : text;
  if (typed.includes("*")) return refused("host_wildcard_misplaced");
  if (foreignAscii.test(typed) || invisible.test(typed)) return refused("host_bad_character");
  if (isIP(typed) !== 0) return refused("host_ip_address");

  const name = withoutDotAtTheEnd(domainToASCII(typed));
  if (name === "") return refused("host_bad_label");
  if (name.length + (wildcard ? 2 : 0) > maxHost) return refused("host_too_long");
  const labels = name.split(".");
  if (!labels.every((one) => label.test(one)) || !isDecodable(name)) return refused("host_bad_label");
  // A last label that is a number makes the whole an IPv4 address to every URL parser.
  if (/^(?:\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? "")) return refused("host_ip_address");
  if (wildcard && labels.length < 2 && name !== "localhost") return refused("host_wildcard_too_wide");
  return { ok: true, host: wildcard ? `*.${name}` : name, wildcard };
}

/**
 * Whether every label of a name that says it is encoded (`xn--`) stands for something, in its one spelling: the URL
 * parser of Node 24 lets others pass as they are.
 */
export function isDecodable(name: string): boolean {
  return name.split(".").every((one) => {
    if (!one.startsWith("xn--")) return true;
    const meant = domainToUnicode(one);
    return meant !== "" && !meant.startsWith("xn--") && domainToASCII(meant) === one;
  });
}

/**
 * Whether some request could be for both: the same name, or a name that is one label below a wildcard's.
 * Both are normal forms of `parseHost`.
 */
export function hostsOverlap(a: string, b: string): boolean {
  return a === b || covers(a, b) || covers(b, a);
}

/** `*.a.org` covers `x.a.org`, and neither `a.org` nor `x.y.a.org`. */
function covers(wildcard: string, host: string): boolean {
  if (!wildcard.startsWith("*.")) return false;
  const dot = host.indexOf(".");
  return dot > 0 && host.slice(dot) === wildcard.slice(1);
}

function withoutDotAtTheEnd(name: string): string {
  return name.endsWith(".") ? name.slice(0, -1) : name;
}

function refused(problem: HostProblem): ParsedHost {
  return { ok: false, problem };
}
