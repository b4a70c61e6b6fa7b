import { chmod, chown, mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { compileStatic } from "../core/traefik/compile-static";
import { writeDurably } from "../persistence/durable-file";
import type { GatewayRow } from "../persistence/sync/lease";
import { realFileSystem } from "./file-system";
import { type FolderSettings, fileMode, folderMode, placesIn } from "./gateway-folder";

/**
 * Makes every folder that Traefik will read (it never finds one that was made after its start) and `traefik.yml`.
 * The file is left alone when it says this already.
 * @throws the file system's own error
 */
export async function writeStaticConfiguration(
  gateway: Pick<GatewayRow, "address" | "probeAddress">,
  settings: FolderSettings,
): Promise<void> {
  const places = placesIn(settings.folder);
  for (const folder of [places.folder, places.dynamic, places.applications, places.staging]) {
    await mkdir(folder, { recursive: true, mode: folderMode });
    await chmod(folder, folderMode);
    await give(folder, settings.group);
  }
  const inTraefik = settings.folderInTraefik ?? settings.folder;
  const text = compileStatic({
    address: gateway.address,
    probeAddress: gateway.probeAddress,
    dynamicFolder: places.dynamic.replace(settings.folder, () => inTraefik),
  });
  if ((await realFileSystem.readFile(places.static)) !== text) await writeDurably(places.static, text, fileMode);
  await chmod(places.static, fileMode);
  await give(places.static, settings.group);
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

async function give(path: string, group: number | undefined): Promise<void> {
  if (group !== undefined) await chown(path, process.getuid?.() ?? -1, group);
}
