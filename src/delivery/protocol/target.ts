import type { Bundle, PlannedFile } from "./bundle";
import type { ForeignFileContent } from "./foreign-file";

/** What a delivery asks and awaits before anything of it can be seen. */
export interface Turn {
  readonly overtaken?: (() => Promise<void>) | undefined;
  readonly ready?: (() => Promise<void>) | undefined;
}

/** How configuration reaches a gateway. One leader uses it, for one term. */
export interface Target {
  /** Makes sure that the folder is still the claimed one. @throws WrongFolder `folder_replaced` */
  requireClaim(): Promise<void>;
  /**
   * Puts a whole delivery before the gateway: everything is staged and flushed, then applied in the batch's order, the
   * marker last. After a failure any part of the batch may be there, but never the marker; calling it again is safe.
   * @param bundle may be a promise: its files are staged while it is pending, and nothing is applied before the marker is staged
   * @param turn `overtaken` is called now and then until the first file is applied, and whatever it throws ends the
   * delivery there; `ready` is awaited before the first file is applied
   * @throws the file system's own error, `ENOENT` also when another leader took the staging folder away
   */
  apply(files: readonly PlannedFile[], bundle: Bundle | Promise<Bundle>, turn?: Turn): Promise<void>;
  /** The text of an application's, deny or shared file as the gateway would read it; null when it is not there. */
  read(name: string): Promise<string | null>;
  /** The digests of such files, by name; null for one that is not there. */
  digests(names: readonly string[]): Promise<ReadonlyMap<string, string | null>>;
  /** The marker's text; null when it is not there. */
  readMarker(): Promise<string | null>;
  /** Names of everything that lies beside the applications' files. */
  names(): Promise<readonly string[]>;
  /**
   * Reads every file that the gateway reads and Portcullis did not write. No file is changed.
   * @param unknown those of `names` that look like names of Portcullis and are not
   */
  foreignFiles(unknown: readonly string[]): AsyncIterable<ForeignFileContent>;
}

/** Named moments of a delivery; a test crashes or stops the process in them. */
export type FaultPoint =
  | "taken"
  | "compiled"
  | "numbered"
  | "staging"
  | "staged"
  | "applying"
  | "applied"
  | "marking"
  | "marked"
  | "flushed"
  | "recorded";

/** In the order in which a delivery passes them; files are staged while it is numbered. */
export const faultPoints: readonly FaultPoint[] = [
  "taken",
  "compiled",
  "numbered",
  "staging",
  "staged",
  "applying",
  "applied",
  "marking",
  "marked",
  "flushed",
  "recorded",
];

export type AtFaultPoint = (point: FaultPoint) => Promise<void> | void;
