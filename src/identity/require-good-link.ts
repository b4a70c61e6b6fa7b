import { Conflict, Unauthenticated } from "../platform/errors";
import { type FoundLink, type LinkState, stateOfLink } from "./links";

/**
 * Why a link is no longer good, and what to do, in words for its bearer: which other way was used is said.
 * @returns null for a good one
 */
export function whyNotGood(link: FoundLink | null, now: Date): string | null {
  return messages[stateOfLink(link, now)](link);
}

/**
 * @throws Unauthenticated `link_unknown`
 * @throws Conflict `link_used`, `link_ended`, `link_expired`
 */
export function requireGoodLink(link: FoundLink | null, now: Date): FoundLink {
  const message = whyNotGood(link, now);
  if (link !== null && message === null) return link;
  const state = stateOfLink(link, now);
  if (state === "unknown") throw new Unauthenticated("link_unknown", message ?? "");
  throw new Conflict(`link_${state}`, message ?? "");
}

const messages: Readonly<Record<LinkState, (link: FoundLink | null) => string | null>> = {
  good: () => null,
  unknown: () => "This link is not known here.",
  used: (link) =>
    link?.purpose === "set_up"
      ? "This installation was set up with this link already. Sign in."
      : "This link was used already. Sign in with the password that was chosen.",
  ended: (link) => endings[link?.endedBy ?? ""] ?? "This link is no longer good.",
  expired: (link) =>
    link?.purpose === "set_up"
      ? "This link was good for half an hour. Start Portcullis again for a new one, or run: portcullis setup"
      : "This link was good for half an hour. Ask for a new one on the host: portcullis operator reset-password",
};

const endings: Readonly<Record<string, string>> = {
  command_line:
    "This installation was set up on the host's command line meanwhile. Sign in, or use the link from there.",
  other_link: "A newer link was made. Use that one.",
  password_change: "The password was changed meanwhile. Sign in.",
};
