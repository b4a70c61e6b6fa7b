import { isIP } from "node:net";
import { domainToASCII, domainToUnicode } from "node:url";

/**
 * Host names in the form of routes and claims: lower-case A-labels, no dot at the end, `*.` as the whole first label of
 * a wildcard. Each name has exactly one such form, whatever was typed, so that another spelling cannot bypass a claim.
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

/**
 * Letters, digits and hyphens, none of these at the ends. Underscores are excluded, because no certificate can be
 * issued for them.
 */
const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * ASCII characters that no host name contains: ports, paths, quotes, braces, templates, percent-encoding, space,
 * controls, underscores.
 */
const foreignAscii = /[^A-Za-z0-9.\-\u0080-\u{10ffff}]/u;

/** Invisible characters and noncharacters. The two joiners, which some scripts need, follow IDNA's own rule. */
const invisible = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Z}\p{Default_Ignorable_Code_Point}║]/u;

/**
 * Parses a host name as typed by a person: upper case, full-width letters and dots, U-labels and one dot at the end are
 * normalized. Scripts may be mixed and emoji used, as far as IDNA (UTS 46, as in the URL standard) has an A-label for
 * them. A wildcard covers exactly one label, and two labels or `localhost` follow it.
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
  // URL parsers treat a name with a numeric last label as an IPv4 address.
  if (/^(?:\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? "")) return refused("host_ip_address");
  if (wildcard && labels.length < 2 && name !== "localhost") return refused("host_wildcard_too_wide");
  return { ok: true, host: wildcard ? `*.${name}` : name, wildcard };
}

/**
 * Returns whether every encoded label (`xn--`) of a name decodes, and is the canonical encoding. The URL parser of Node
 * 24 accepts other labels unchanged.
 */
export function isDecodable(name: string): boolean {
  return name.split(".").every((one) => {
    if (!one.startsWith("xn--")) return true;
    const meant = domainToUnicode(one);
    return meant !== "" && !meant.startsWith("xn--") && domainToASCII(meant) === one;
  });
}

/**
 * Returns whether a request can match both hosts: they are the same name, or a wildcard covers the other name. Both
 * must be normal forms of `parseHost`.
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
