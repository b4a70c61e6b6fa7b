import type { Runtime } from "../../access/runtime";
import { limits, take } from "../../identity/limits";
import { findLink, stateOfLink } from "../../identity/links";
import { whyNotGood } from "../../identity/require-good-link";
import { isoText, isReadable } from "../../platform/moment";
import type { Link, LookAtLink } from "./contract";

/** Somebody who has not signed in. */
interface Visitor {
  readonly runtime: Runtime;
  readonly ip: string | null;
}

/** What a link is for, and whether it is good: for the page that takes it. Nothing is used up by it. @throws TooMany */
export async function lookAtLink({ runtime, ip }: Visitor, { token }: LookAtLink): Promise<Link> {
  await take(runtime, limits.managementByAddress, ip ?? "unknown");
  const link = await runtime.database.transaction("identity", null, (tx) => findLink(tx, token));
  const now = runtime.clock.now();
  const state = stateOfLink(link, now);
  return {
    state,
    message: whyNotGood(link, now),
    purpose: link?.purpose ?? null,
    email: state === "good" ? (link?.person?.email ?? null) : null,
    expiresAt: link && isReadable(link.expiresAt) ? isoText(link.expiresAt) : null,
  };
}
