import type { Bundle, PlannedFile } from "./bundle";
import type { ForeignFileContent } from "./foreign-file";

/** What a delivery waits for before any part of it is visible. */
export interface Turn {
  readonly overtaken?: (() => Promise<void>) | undefined;
  readonly ready?: (() => Promise<void>) | undefined;
}

/** The way configuration reaches a gateway. One leader uses a target, for one term. */
export interface Target {
  /** Checks that the folder is still the claimed one. @throws WrongFolder `folder_replaced` */
  requireClaim(): Promise<void>;
  /**
   * Applies a whole delivery: all files are staged and flushed, then applied in the batch's order, with the marker
   * last. After a failure, any part of the batch may be in the folder, but never the marker. Calling it again is safe.
   * @param bundle may be a promise: its files are staged while it is pending, and nothing is applied before the marker
   * is staged
   * @param turn `overtaken` is called repeatedly until the first file is applied, and an error that it throws ends the
   * delivery there; `ready` is awaited before the first file is applied
   * @throws the file system's error; `ENOENT` also if another leader removed the staging folder
   */
  apply(files: readonly PlannedFile[], bundle: Bundle | Promise<Bundle>, turn?: Turn): Promise<void>;
  /** The text of an application's, deny or shared file as the gateway would read it; null if it does not exist. */
  read(name: string): Promise<string | null>;
  /** The digests of such files, by name; null for one that does not exist. */
  digests(names: readonly string[]): Promise<ReadonlyMap<string, string | null>>;
  /** The marker's text; null if it does not exist. */
  readMarker(): Promise<string | null>;
  /** The names of everything in the folder of the applications' files. */
  names(): Promise<readonly string[]>;
  /**
   * Reads every file that the gateway reads and Portcullis did not write. No file is changed.
   * @param unknown those of `names` that look like names of Portcullis and are not
   */
  foreignFiles(unknown: readonly string[]): AsyncIterable<ForeignFileContent>;
}

/** Named points in a delivery at which a test can crash or stop the process. */
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

/** In the order of a delivery. Files are staged while it is numbered. */
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

export type FaultPointHook = (point: FaultPoint) => Promise<void> | void;
