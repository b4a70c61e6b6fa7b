import { limits, take } from "#src/identity/limits";
import { findLink, stateOfLink } from "#src/identity/links";
import { explainInvalidLink } from "#src/identity/require-good-link";
import { visitorOperation } from "#src/operations/operation";
import { isoText, isReadable } from "#src/platform/moment";
import { Link, LookAtLink } from "./contract";

/**
 * Returns the purpose of a link, and whether it is valid, for the page that accepts it. The link is not used up.
 * @throws Refusal `rate_limited`
 */
export const link = visitorOperation(
  {
    name: "auth.link",
    summary: "Look up a set-up or password link by its token",
    input: LookAtLink,
    output: Link,
    errors: [],
    rest: { method: "POST", path: "/links/look" },
  },
  async ({ runtime, ip }, { token }) => {
    await take(runtime, limits.managementByAddress, ip ?? "unknown");
    const link = await runtime.database.transaction("identity", null, (tx) => findLink(tx, token));
    const now = runtime.clock.now();
    const state = stateOfLink(link, now);
    return {
      state,
      message: explainInvalidLink(link, now),
      purpose: link?.purpose ?? null,
      email: state === "good" ? (link?.person?.email ?? null) : null,
      expiresAt: link && isReadable(link.expiresAt) ? isoText(link.expiresAt) : null,
    };
  },
);
