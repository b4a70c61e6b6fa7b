import type { ForeignContent } from "../../traefik/foreign/foreign-file";

/** A file that another program or person put where the gateway reads. */
export interface ForeignFile {
  /** Below the watched folder. */
  readonly path: string;
  /** `refused` freezes every file of the gateway; `unknown` holds a template or cannot be read from here: only the gateway knows. */
  readonly problem: "refused" | "unknown" | "defines_our_name" | "routes_managed_host" | "named_like_ours";
  /** What exactly: a stable reason, a name or a host. */
  readonly detail: string;
}

/** What one foreign file holds, as the applier reads it. The leader knows which of its hosts are managed. */
export interface ForeignFileContent extends ForeignContent {
  /** Below the watched folder. */
  readonly path: string;
}
