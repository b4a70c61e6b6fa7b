import { findRootOrganization } from "#src/access/host-work";
import { insertLink, linkUrl } from "#src/identity/links";
import type { LinkRuntime } from "./password-link";

/**
 * Creates the one-time link to set up an empty installation in a browser. It is valid for half an hour, and ends the
 * link of an earlier start.
 * @returns null if the installation is already set up
 */
export function makeSetUpLink({ database, clock, random, publicOrigin }: LinkRuntime): Promise<string | null> {
  return database.transaction("host", null, async (tx) => {
    if ((await findRootOrganization(tx)) !== null) return null;
    const { token } = await insertLink(tx, { purpose: "set_up" }, { now: clock.now(), random });
    return linkUrl(publicOrigin, token);
  });
}
