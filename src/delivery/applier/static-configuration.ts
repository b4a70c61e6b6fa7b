import { constants } from "node:fs";
import { open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { writeDurably } from "../../platform/files/durable-file";
import { readOwnFile } from "../../platform/files/own-file";
import { makeFolder, NotOurs, withOwnFolder } from "../../platform/files/own-folder";
import { compileStatic } from "../../traefik/compiler/compile-static";
import type { GatewayAddresses } from "../protocol/applier";
import { type FolderSettings, fileMode, folderMode, placesIn } from "./gateway-folder";

/**
 * Makes every folder that Traefik will read (it never finds one that was made after its start) and `traefik.yml`.
 * The file is left alone when it says this already.
 * @throws the file system's own error
 */
export async function writeStaticConfiguration(gateway: GatewayAddresses, settings: FolderSettings): Promise<void> {
  const places = placesIn(settings.folder);
  for (const folder of [places.folder, places.dynamic, places.applications, places.staging]) {
    await makeFolder(folder, folderMode);
    await withOwnFolder(folder, async (open, { kind, mode, gid }) => {
      if (kind === "shared") return; // only its owner can change it, and Traefik reads it by the group
      // A set-group-id bit stays: it gives everything in the folder to the folder's group.
      await open.chmod(folderMode | (mode & 0o2000));
      if (settings.group !== undefined && settings.group !== gid) await open.chown(ownUser(), settings.group);
    });
  }
  const inTraefik = settings.folderInTraefik ?? settings.folder;
  const text = compileStatic({
    address: gateway.address,
    probeAddress: gateway.probeAddress,
    dynamicFolder: places.dynamic.replace(settings.folder, () => inTraefik),
  });
  const present = await readOwnFile(places.static, { secret: false }).catch((error: unknown) => {
    if (error instanceof NotOurs) return null; // it is replaced, and what it may lead to is left alone
    throw error;
  });
  if (present !== text) await writeDurably(places.static, text, fileMode);
  await giveFile(places.static, settings.group);
}

/** Opened without following a link: whoever shares the folder could have put one there. */
async function giveFile(path: string, group: number | undefined): Promise<void> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    await file.chmod(fileMode);
    if (group !== undefined) await file.chown(ownUser(), group);
  } finally {
    await file.close();
  }
}

/**
 * What would keep Traefik, running as somebody else of the group, from reading the folder; empty when nothing would.
 * Without a group it runs as this very user, and nothing can be in its way but the folders' own modes. Where Traefik
 * has another name for the folder it is mounted, and what stands above it here is not in its way.
 */
export async function unreadableForTraefik(settings: FolderSettings): Promise<string[]> {
  const places = placesIn(settings.folder);
  const problems: string[] = [];
  if (settings.group === undefined) return problems;
  for (const path of [places.static, places.dynamic, places.applications, places.folder]) {
    const found = await stat(path);
    const needed = found.isDirectory() ? 0o050 : 0o040;
    if (found.gid !== settings.group) problems.push(`${path} is not of group ${settings.group}`);
    else if ((found.mode & needed) !== needed) problems.push(`${path} is not readable for group ${settings.group}`);
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
