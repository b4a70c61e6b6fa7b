import { asSync } from "#src/database/as-sync";
import { inPages } from "#src/platform/in-pages";
import { managedHosts } from "../planner/managed-hosts";
import type { ForeignFile } from "../protocol/foreign-file";
import type { LeaderContext } from "./leader-context";

/** Hosts looked up in one statement. */
const hostsAtOnce = 200;

/**
 * Reports relevant contents of files that Portcullis did not write: a file that freezes the gateway, defines a name of
 * Portcullis, or routes a host that an organization manages at this gateway.
 * @param unknown names in the applications' folder that look like names of Portcullis and are not
 */
export async function describeForeignFiles(
  { target, database, gateway, over }: LeaderContext,
  unknown: readonly string[],
): Promise<ForeignFile[]> {
  const found: ForeignFile[] = [];
  for await (const { path, problem, names, everything, hosts } of target.foreignFiles(unknown)) {
    if (over.aborted) return found;
    if (problem) found.push({ path, problem: problem.kind, detail: problem.detail });
    for (const own of names) found.push({ path, problem: "defines_our_name", detail: own });
    for (const router of everything) {
      found.push({ path, problem: "routes_managed_host", detail: `every host, by ${router}` });
    }
    for (const page of inPages(hosts, hostsAtOnce)) {
      const managed = await asSync(database, (tx) => managedHosts(tx, gateway.gatewayId, page));
      for (const host of managed) found.push({ path, problem: "routes_managed_host", detail: host });
    }
  }
  return found;
}
