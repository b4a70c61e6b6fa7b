import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { FolderSettings } from "../delivery/applier/gateway-folder";
import { type Settings, WrongSetting } from "./settings/environment";

/**
 * Returns the folder of the gateway `local` and the group that may read it.
 * @throws WrongSetting there is no such group
 */
export async function localFolder(settings: Settings): Promise<FolderSettings> {
  const { dataFolder, gatewayFolder, gatewayFolderInTraefik, gatewayGroup } = settings;
  return {
    folder: gatewayFolder ?? join(dataFolder, "gateways", "local"),
    ...(gatewayFolderInTraefik === null ? {} : { folderInTraefik: gatewayFolderInTraefik }),
    ...(gatewayGroup === null ? {} : { group: await groupId(gatewayGroup) }),
  };
}

/**
 * Returns the number of a group. Names are looked up in the files of the system, because Node has no function for it.
 */
async function groupId(group: string): Promise<number> {
  if (/^\d+$/.test(group)) return Number(group);
  const lines = (await readFile("/etc/group", "utf8").catch(() => "")).split("\n");
  const [, , id] = lines.map((line) => line.split(":")).find(([name]) => name === group) ?? [];
  if (id === undefined)
    throw new WrongSetting("PORTCULLIS_GATEWAY_GROUP", `must be a group of this machine, or its number`);
  return Number(id);
}
