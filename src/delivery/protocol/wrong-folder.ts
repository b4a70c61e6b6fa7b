/** Why a folder is not the one that the database means. Each is a cause that `sync.status` names. */
export const wrongFolderReasons = [
  "folder_replaced",
  "claim_missing",
  "claim_unreadable",
  "claim_of_another",
  "another_folder",
  "claimed_elsewhere",
  "gateway_gone",
  "not_set_up",
] as const;
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
