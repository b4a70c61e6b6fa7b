import { Refusal } from "../platform/errors/refusal";
import { type FoundLink, linkEnds, stateOfLink } from "./links";

/**
 * Says why a link is no longer valid, and what to do. The holder of the link learns which other way was used.
 * @returns null for a valid link
 */
export function explainInvalidLink(link: FoundLink | null, now: Date): string | null {
  return refusalOf(link, now)?.message ?? null;
}

/** @throws Refusal `link_unknown`, `link_used`, `link_ended`, `link_expired` */
export function requireGoodLink(link: FoundLink | null, now: Date): FoundLink {
  const refusal = refusalOf(link, now);
  if (link === null || refusal !== null) throw refusal ?? new Refusal("link_unknown");
  return link;
}

function refusalOf(link: FoundLink | null, now: Date): Refusal | null {
  if (link === null) return new Refusal("link_unknown");
  const { purpose, endedBy } = link;
  switch (stateOfLink(link, now)) {
    case "used":
      return new Refusal("link_used", { purpose });
    case "ended":
      return new Refusal("link_ended", { endedBy: linkEnds.find((end) => end === endedBy) ?? null });
    case "expired":
      return new Refusal("link_expired", { purpose });
    default:
      return null;
  }
}
