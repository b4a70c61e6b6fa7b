import { constants } from "node:fs";
import { open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { writeDurably } from "#src/platform/files/durable-file";
import { readOwnFile } from "#src/platform/files/own-file";
import { makeFolder, NotOurs, withOwnFolder } from "#src/platform/files/own-folder";
import { compileStatic } from "#src/traefik/compiler/compile-static";
import type { GatewayAddresses } from "../protocol/applier";
import { type FolderSettings, fileMode, folderMode, pathsIn } from "./gateway-folder";

/**
 * Creates `traefik.yml` and every folder that Traefik reads, because Traefik never finds a folder that is created after
 * its start. A file that is already up to date is left alone.
 * @throws the file system's error
 */
export async function writeStaticConfiguration(gateway: GatewayAddresses, settings: FolderSettings): Promise<void> {
  const paths = pathsIn(settings.folder);
  for (const folder of [paths.folder, paths.dynamic, paths.applications, paths.staging]) {
    await makeFolder(folder, folderMode);
    await withOwnFolder(folder, async (open, { kind, mode, gid }) => {
      if (kind === "shared") return; // only its owner can change it, and Traefik reads it through the group
      // The set-group-id bit is kept: it assigns all files in the folder to the folder's group.
      await open.chmod(folderMode | (mode & 0o2000));
      if (settings.group !== undefined && settings.group !== gid) await open.chown(ownUser(), settings.group);
    });
  }
  const inTraefik = settings.folderInTraefik ?? settings.folder;
  const text = compileStatic({
    address: gateway.address,
    probeAddress: gateway.probeAddress,
    dynamicFolder: paths.dynamic.replace(settings.folder, () => inTraefik),
  });
  const present = await readOwnFile(paths.static, { secret: false }).catch((error: unknown) => {
    if (error instanceof NotOurs) return null; // the file is replaced, and the target of a link is left alone
    throw error;
  });
  if (present !== text) await writeDurably(paths.static, text, fileMode);
  await setFileAccess(paths.static, settings.group);
}

/** Opens the file without following a link, because another user of the folder could have created one. */
async function setFileAccess(path: string, group: number | undefined): Promise<void> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    await file.chmod(fileMode);
    if (group !== undefined) await file.chown(ownUser(), group);
  } finally {
    await file.close();
  }
}

/**
 * Lists what prevents Traefik, running as another user of the group, from reading the folder. Without a group, Traefik
 * runs as the same user, and only the modes of the folders matter. If Traefik has another path for the folder, the
 * folder is mounted, and its parents on this machine do not matter.
 */
export async function unreadableForTraefik(settings: FolderSettings): Promise<string[]> {
  const paths = pathsIn(settings.folder);
  const problems: string[] = [];
  if (settings.group === undefined) return problems;
  for (const path of [paths.static, paths.dynamic, paths.applications, paths.folder]) {
    const found = await stat(path);
    const needed = found.isDirectory() ? 0o050 : 0o040;
    if (found.gid !== settings.group) problems.push(`${path} does not belong to group ${settings.group}`);
    else if ((found.mode & needed) !== needed) problems.push(`${path} is not readable by group ${settings.group}`);
  }
  if (settings.folderInTraefik !== undefined) return problems;
  for (let path = dirname(settings.folder); path !== dirname(path); path = dirname(path)) {
    const { gid, mode } = await stat(path);
    const passes = (mode & 0o001) !== 0 || (gid === settings.group && (mode & 0o010) !== 0);
    if (!passes) problems.push(`${path} cannot be entered by group ${settings.group}`);
  }
  return problems;
}

const ownUser = () => process.geteuid?.() ?? -1;
