import { isUtf8 } from "node:buffer";
import { lstat, readdir, readFile, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import type { ForeignFile } from "../../../drizzle/gateways";
import { asSync } from "../../database/as-sync";
import { breathe } from "../../platform/timer";
import { givingWay } from "../../platform/yield-to-event-loop";
import { foreignContent } from "../../traefik/foreign/foreign-file";
import { readTraefikFile } from "../../traefik/foreign/read-traefik-file";
import type { Leading } from "../leader/leader-context";
import { inPages } from "../planner/backlog";
import { managedHosts } from "../planner/managed-hosts";
import { isMissing } from "./file-system";

/** Larger files are reported and not read, because reading holds the event loop. Traefik reads them. */
const largestFile = 1024 * 1024;

/**
 * Looks at everything that Traefik reads and that is not ours: what freezes the gateway, defines a name of ours, or
 * routes a host that somebody manages here. Nothing of it is touched.
 * @param isOurs whether a path below the watched folder is a file that was written from here
 */
export async function findForeignFiles(
  { places, database, gateway, over, pace }: Leading,
  isOurs: (path: string) => boolean,
): Promise<ForeignFile[]> {
  const found: ForeignFile[] = [];
  const giveWay = givingWay(() => pace.now());
  for await (const { path, listed } of filesBelow(places.dynamic)) {
    if (over.aborted) return found;
    await giveWay();
    const name = relative(places.dynamic, path);
    if (isOurs(name)) continue;
    const read = listed ? await textOf(path) : unreadable;
    if (read === null) continue;
    if ("problem" in read) {
      found.push({ path: name, problem: "unknown", detail: read.problem });
      continue;
    }
    const content = foreignContent(readTraefikFile(name, read.text));
    if (content.problem) found.push({ path: name, problem: content.problem.kind, detail: content.problem.detail });
    for (const own of content.names) found.push({ path: name, problem: "defines_our_name", detail: own });
    for (const router of content.everything) {
      found.push({ path: name, problem: "routes_managed_host", detail: `every host, by ${router}` });
    }
    for (const hosts of inPages(content.hosts, 200)) {
      const managed = await asSync(database, (tx) => managedHosts(tx, gateway.gatewayId, hosts));
      for (const host of managed) found.push({ path: name, problem: "routes_managed_host", detail: host });
    }
    await breathe();
  }
  return found;
}

interface Found {
  readonly path: string;
  /** False for a folder whose files nobody here can see. */
  readonly listed: boolean;
}

async function* filesBelow(folder: string): AsyncGenerator<Found> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => null);
  if (entries === null) yield { path: folder, listed: false };
  for (const entry of entries ?? []) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (/\.(?:ya?ml|toml)$/i.test(entry.name)) yield { path, listed: true };
  }
}

const unreadable = { problem: "unreadable" } as const;

/** One file that cannot be read must not keep the others from being looked at. Null for one that is gone meanwhile. */
async function textOf(path: string): Promise<{ readonly text: string } | { readonly problem: string } | null> {
  try {
    if ((await stat(path)).size > largestFile) return { problem: "too_large" };
    const bytes = await readFile(path);
    // Traefik refuses bytes that are not UTF-8, and reads UTF-16 with a byte order mark.
    return isUtf8(bytes) ? { text: bytes.toString("utf8") } : { problem: "not_utf8" };
  } catch (error) {
    const gone = isMissing(error) && (await lstat(path).catch(() => null)) === null;
    return gone ? null : unreadable;
  }
}
