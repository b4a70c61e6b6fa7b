/** The properties of a folder in the file system. */
export interface FolderFacts {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** The identity of a process: its effective user and all its groups. */
export interface ProcessUser {
  readonly uid: number;
  readonly groups: readonly number[];
}

export type FolderVerdict =
  /** The process owns the folder. */
  | { readonly kind: "own" }
  /**
   * Another user owns the folder, and the process may write to it through a group: a volume with an `fsGroup`, for
   * example.
   */
  | { readonly kind: "shared" }
  /** `why` is the rest of a sentence that begins with the folder's path. */
  | { readonly kind: "refused"; readonly why: string };

/**
 * Decides whether a process may keep files in a folder. Root uses only folders of root: in a folder of another user,
 * that user could replace files that root opens. Any other process uses its own folders, and folders of other users
 * that it may write to through a group and that are closed to all others.
 */
export function judgeFolder(folder: FolderFacts, self: ProcessUser): FolderVerdict {
  if (folder.uid === self.uid) return { kind: "own" };
  const owner = `belongs to user ${folder.uid}`;
  const mode = `mode ${octal(folder.mode)}`;
  if (self.uid === 0) {
    return refused(
      `${owner}, and this process runs as root, which uses folders of root only: run it as user ${folder.uid}, or run "chown root" on the folder`,
    );
  }
  if (!self.groups.includes(folder.gid)) {
    return refused(
      `${owner} and group ${folder.gid} (${mode}), and this process runs as user ${self.uid}, which is not in that group: run "chown ${self.uid}" on the folder`,
    );
  }
  if ((folder.mode & 0o070) !== 0o070) {
    return refused(
      `${owner}, and group ${folder.gid} may not write to it (${mode}): run "chmod g+rwx" on the folder, or "chown ${self.uid}"`,
    );
  }
  if ((folder.mode & 0o007) !== 0) {
    return refused(
      `${owner} and is open to other users (${mode}): run "chmod o-rwx" on the folder, or use a folder below it, which is then made with the right owner and mode`,
    );
  }
  return { kind: "shared" };
}

function refused(why: string): FolderVerdict {
  return { kind: "refused", why };
}

export function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(3, "0");
}
