import type { wrongFolderReasons } from "#src/platform/contract/sync-state";

type WrongFolderReason = (typeof wrongFolderReasons)[number];

/** A gateway's folder is not the expected one. The message is a sentence with paths, for the log. */
export class WrongFolder extends Error {
  override readonly name = "WrongFolder";
  constructor(
    readonly why: WrongFolderReason,
    message: string,
  ) {
    super(message);
  }
}
