import { join } from "node:path";
import { APPLICATIONS_FOLDER, MARKER_FILE } from "#src/traefik/compiler/names";

/** Where the files of a file gateway are, on this machine and as its Traefik sees them. */
export interface FolderSettings {
  /** An absolute path. */
  readonly folder: string;
  /** The absolute path of the same folder as Traefik sees it, if it differs (a mount in a container). */
  readonly folderInTraefik?: string;
  /** Numeric id of the group that Traefik runs as. Without it, the files keep the group of this process. */
  readonly group?: number;
}

/** File modes: Traefik reads through the group; other users have no access. */
export const fileMode = 0o640;
export const folderMode = 0o750;

/** Everything below a gateway's folder, by purpose. */
export function pathsIn(folder: string) {
  const dynamic = join(folder, "dynamic");
  return {
    folder,
    claim: join(folder, "gateway.json"),
    static: join(folder, "traefik.yml"),
    /** The folder that Traefik watches. */
    dynamic,
    /** Read by Traefik and not watched. */
    applications: join(dynamic, APPLICATIONS_FOLDER),
    marker: join(dynamic, MARKER_FILE),
    /** On the same file system as the rest. Traefik never reads it. */
    staging: join(folder, "staging"),
  };
}

export type FolderPaths = ReturnType<typeof pathsIn>;
