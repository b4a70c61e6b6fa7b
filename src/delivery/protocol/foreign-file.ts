import type { ForeignContent } from "#src/traefik/foreign/foreign-content";

/** A file that another program or person put into a folder that the gateway reads. */
export interface ForeignFile {
  /** The path relative to the watched folder. */
  readonly path: string;
  /**
   * `refused` freezes every file of the gateway. `unknown` contains a template or cannot be read from here, so only the
   * gateway knows its effect.
   */
  readonly problem: "refused" | "unknown" | "defines_our_name" | "routes_managed_host" | "named_like_ours";
  /** The details: a stable reason, a name or a host. */
  readonly detail: string;
}

/** The contents of one foreign file, as the applier reads it. The leader knows which of its hosts are managed. */
export interface ForeignFileContent extends ForeignContent {
  /** The path relative to the watched folder. */
  readonly path: string;
}
