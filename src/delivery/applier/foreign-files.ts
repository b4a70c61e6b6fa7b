import { isUtf8 } from "node:buffer";
import { lstat, readdir, readFile, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import type { Pace } from "#src/platform/timer";
import { yieldAfterSlice, yieldToEventLoop } from "#src/platform/yield-to-event-loop";
import { APPLICATIONS_FOLDER, MARKER_FILE, SHARED_FILE } from "#src/traefik/compiler/names";
import { foreignContent } from "#src/traefik/foreign/foreign-content";
import { readTraefikFile } from "#src/traefik/foreign/read-traefik-file";
import type { ForeignFileContent } from "../protocol/foreign-file";
import { isMissing } from "./file-operations";
import type { FolderPaths } from "./gateway-folder";
import { applicationOf, denyOf } from "./recognize-own-files";

/** Larger files are reported and not read, because reading holds the event loop. Traefik reads them. */
const largestFile = 1024 * 1024;

/**
 * Reads every file that Traefik reads and Portcullis did not write. The result says whether the file freezes the
 * gateway, which names of Portcullis it defines, and which hosts it routes. No file is changed.
 * @param unknown names in the applications' folder that look like names of Portcullis and are not
 */
export async function* findForeignFiles(
  paths: FolderPaths,
  unknown: readonly string[],
  pace: Pace,
): AsyncGenerator<ForeignFileContent> {
  const yieldIfBusy = yieldAfterSlice(() => pace.now());
  for await (const { path, listed } of filesBelow(paths.dynamic)) {
    await yieldIfBusy();
    const name = relative(paths.dynamic, path);
    if (isOurs(name, unknown)) continue;
    const read = listed ? await textOf(path) : unreadable;
    if (read === null) continue;
    if ("problem" in read) {
      const problem = { kind: "unknown" as const, detail: read.problem };
      yield { path: name, problem, names: [], everything: [], hosts: [] };
      continue;
    }
    yield { path: name, ...foreignContent(readTraefikFile(name, read.text)) };
    await yieldToEventLoop();
  }
}

/** @param path relative to the watched folder */
function isOurs(path: string, unknown: readonly string[]): boolean {
  if (path === MARKER_FILE) return true;
  if (!path.startsWith(`${APPLICATIONS_FOLDER}/`)) return false;
  const name = path.slice(APPLICATIONS_FOLDER.length + 1);
  return name === SHARED_FILE || ((applicationOf(name) !== null || denyOf(name) !== null) && !unknown.includes(name));
}

interface Found {
  readonly path: string;
  /** False for a folder whose files this process cannot list. */
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

/** An unreadable file must not prevent the check of the others. Null if the file was removed during the walk. */
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
