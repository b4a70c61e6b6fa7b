import { join } from "node:path";
import { APPLICATIONS_FOLDER, MARKER_FILE } from "../../traefik/compiler/names";

/** Where a file gateway's things are, on this machine and as its Traefik calls them. */
export interface FolderSettings {
  /** Absolute. */
  readonly folder: string;
  /** The same folder in Traefik's eyes, where that differs (a mount in a container); absolute. */
  readonly folderInTraefik?: string;
  /** Numeric id of the group that Traefik runs as; without it the files keep this process's own. */
  readonly group?: number;
}

/** Modes: Traefik reads by the group, nobody else does. */
export const fileMode = 0o640;
export const folderMode = 0o750;

/** Everything below a gateway's folder, by what it is for. */
export function placesIn(folder: string) {
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
    /** On the same file system; Traefik never reads it. */
    staging: join(folder, "staging"),
  };
}

export type Places = ReturnType<typeof placesIn>;
