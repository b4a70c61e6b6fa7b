import ipaddr from "ipaddr.js";
import { hashCost } from "../compiler/hash-shape";
import type { Entry } from "./entry";
import { fields, textOf, textsOf } from "./file-contents";
import { folded, isGoInteger } from "./go-text";

/**
 * Returns what prevents one of our middlewares from being built or from having its effect; `null` if there is no
 * problem.
 *
 * If Traefik cannot build a middleware, it drops every router that uses it, and requests go to the next matching
 * router.
 */
export function middlewareProblem(middleware: Entry): string | null {
  const [kind, ...others] = middleware.children;
  if (!kind || others.length > 0) return "not_one_kind";
  return kinds[folded(kind.name)]?.(kind) ?? null;
}

/** The names of other middlewares that a middleware needs. */
export function middlewaresNamedBy(middleware: Entry): string[] {
  return fields([middleware], "chain").flatMap((chain) => textsOf(chain, "middlewares"));
}

const kinds: Readonly<Record<string, (settings: Entry) => string | null>> = {
  basicauth: basicAuthProblem,
  ipallowlist: (settings) => {
    const ranges = textsOf(settings, "sourceRange");
    if (ranges.length === 0) return "empty_address_list";
    if (!ranges.every(isAddressOrRange)) return "bad_address";
    // Traefik accepts any status that has a text. With 200, a refused visitor would see a success.
    const status = textOf(settings, "rejectStatusCode");
    return status === "" || /^[45]\d\d$/.test(status) ? null : "not_a_refusal";
  },
  chain: (settings) => (textsOf(settings, "middlewares").length === 0 ? "empty_chain" : null),
  ratelimit: (settings) => (isPositive(textOf(settings, "average")) ? null : "no_limit"),
  inflightreq: (settings) => (isPositive(textOf(settings, "amount")) ? null : "no_limit"),
  forwardauth: (settings) => (URL.canParse(textOf(settings, "address")) ? null : "bad_address"),
};

function basicAuthProblem(settings: Entry): string | null {
  const lines = textsOf(settings, "users").map((line) => line.split(":"));
  if (lines.length === 0) return "no_users";
  if (lines.some(([username, hash, ...more]) => !username || !hash || more.length > 0)) return "bad_user_line";
  const costs = new Set(lines.map(([, hash = ""]) => hashCost("apr1", hash) ?? hashCost("bcrypt", hash)));
  if (costs.has(null)) return "bad_hash";
  if (costs.size > 1) return "mixed_hashes";
  if (new Set(lines.map(([username]) => username)).size < lines.length) return "duplicate_user";
  return textOf(settings, "removeHeader") === "true" ? null : "password_passed_on";
}

const isPositive = (text: string): boolean => isGoInteger(text) && BigInt(text.replace(/^\+/, "")) > 0n;

function isAddressOrRange(text: string): boolean {
  return text.includes("/") ? ipaddr.isValidCIDR(text) : ipaddr.isValid(text);
}
