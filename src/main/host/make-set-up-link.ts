import { findRootOrganization } from "../../access/host-work";
import { insertLink, linkUrl } from "../../identity/links";
import type { LinkRuntime } from "./password-link";

/**
 * The link by which whoever starts an empty installation sets it up in a browser: good once, for half an hour. One that
 * an earlier start has printed ends.
 * @returns null where something is set up already
 */
export function makeSetUpLink({ database, clock, random, publicOrigin }: LinkRuntime): Promise<string | null> {
  return database.transaction("host", null, async (tx) => {
    if ((await findRootOrganization(tx)) !== null) return null;
    const { token } = await insertLink(tx, { purpose: "set_up" }, { now: clock.now(), random });
    return linkUrl(publicOrigin, token);
  });
}
