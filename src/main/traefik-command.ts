import { type FolderSettings, pathsIn } from "../delivery/applier/gateway-folder";
import { quoteForShell } from "../platform/quote-for-shell";

/** The command that starts the Traefik of a gateway with the files of its folder. */
export function traefikCommand({ folder, folderInTraefik }: FolderSettings): string {
  return `traefik ${quoteForShell(`--configFile=${pathsIn(folderInTraefik ?? folder).static}`)}`;
}
