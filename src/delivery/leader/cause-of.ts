import { isUnreachable } from "#src/database/database-errors";
import type { DeliveryCause } from "#src/platform/contract/sync-state";
import { NotOurs, reasonOf } from "#src/platform/files/own-folder";
import { errorCode } from "../applier/file-operations";
import { WrongFolder } from "../protocol/wrong-folder";

/** Why deliveries to a gateway fail, as `sync.status` states it. */
export type Cause = DeliveryCause;

/**
 * A sentence for a person, without a path, a statement or a value. `ofFolder` means that the cause is the gateway's own
 * folder or disk, which no tenant can affect.
 */
const causes = {
  disk_full: { ofFolder: true, text: "The disk of the gateway's folder is full." },
  quota_used_up: { ofFolder: true, text: "The disk quota of the gateway's folder is used up." },
  read_only: { ofFolder: true, text: "The gateway's folder is on a read-only file system." },
  not_permitted: { ofFolder: true, text: "This process may not write to the gateway's folder." },
  not_ours: { ofFolder: true, text: "The gateway's folder belongs to another user, or is open to others." },
  folder_gone: { ofFolder: true, text: "The gateway's folder, or a part of it, is gone." },
  no_folder: { ofFolder: true, text: "The path of the gateway's folder is not a folder." },
  link_loop: { ofFolder: true, text: "The symbolic links to the gateway's folder form a loop." },
  disk_broken: { ofFolder: true, text: "The disk of the gateway's folder does not work." },
  disks_differ: { ofFolder: true, text: "The gateway's folder is spread over several file systems." },
  folder_replaced: { ofFolder: true, text: "The gateway's folder was replaced or removed." },
  claim_missing: {
    ofFolder: true,
    text: "The gateway's folder is not on this disk, or was removed: its gateway.json is missing.",
  },
  claim_unreadable: { ofFolder: true, text: "The gateway.json of the gateway's folder cannot be read." },
  claim_of_another: { ofFolder: true, text: "The gateway's folder belongs to another installation or gateway." },
  another_folder: { ofFolder: true, text: "The folder on this disk is not the one that the database means." },
  claimed_elsewhere: { ofFolder: true, text: "Another process claimed a folder for this gateway." },
  gateway_gone: { ofFolder: false, text: "The gateway no longer exists." },
  not_set_up: { ofFolder: false, text: "The database does not know its installation yet." },
  too_many_files: { ofFolder: false, text: "This process has too many files open." },
  database_silent: { ofFolder: false, text: "The database does not answer." },
  other: { ofFolder: false, text: "The delivery failed. The log has the reason." },
  cannot_lead: { ofFolder: false, text: "The gateway cannot be led. The log has the reason." },
  unrecognized: { ofFolder: false, text: "The delivery failed. This version does not know the stored cause." },
} as const satisfies Record<Cause, { readonly ofFolder: boolean; readonly text: string }>;

const byCode: Readonly<Record<string, Cause>> = {
  ENOSPC: "disk_full",
  EDQUOT: "quota_used_up",
  EROFS: "read_only",
  EACCES: "not_permitted",
  EPERM: "not_permitted",
  ENOENT: "folder_gone",
  ENOTDIR: "no_folder",
  EEXIST: "no_folder",
  ELOOP: "link_loop",
  EIO: "disk_broken",
  EXDEV: "disks_differ",
  EMFILE: "too_many_files",
};

/**
 * Classifies why a delivery, or an attempt to lead, failed.
 * @param unknown the cause to return for an unknown error
 */
export function causeOf(error: unknown, unknown: Cause = "other"): Cause {
  if (error instanceof WrongFolder) return error.why;
  if (error instanceof NotOurs) return "not_ours";
  const code = isOfFile(error) ? errorCode(error) : null;
  const known = code === null ? undefined : byCode[code];
  if (known !== undefined) return known;
  return isUnreachable(error) ? "database_silent" : unknown;
}

export function textOf(cause: Cause): string {
  return causes[cause].text;
}

export function isOfFolder(cause: Cause): boolean {
  return causes[cause].ofFolder;
}

const ofClaim: ReadonlySet<Cause> = new Set([
  "claim_missing",
  "claim_unreadable",
  "claim_of_another",
  "another_folder",
  "claimed_elsewhere",
]);

/** The folder on this disk is not the folder of the gateway. */
export function isOfClaim(cause: Cause): boolean {
  return ofClaim.has(cause);
}

/** A cause, with a sentence for the operator of the host that contains the path and the system's error code. */
export interface Why {
  readonly cause: Cause;
  readonly detail: string;
}

/** @param unknown the cause to return for an unknown error */
export function whyOf(error: unknown, unknown: Cause = "other"): Why {
  const cause = causeOf(error, unknown);
  return { cause, detail: detailOf(error, cause) };
}

function detailOf(error: unknown, cause: Cause): string {
  if (error instanceof WrongFolder || error instanceof NotOurs) return error.message;
  if (!isOfFile(error) || !isOfFolder(cause)) return textOf(cause);
  // A temporary file has a different name in each attempt.
  const path = typeof error.path === "string" ? `${error.path.replace(/\.[0-9a-f]{12}\.tmp$/, "")}, ` : "";
  return `${textOf(cause)} (${path}${reasonOf(error)})`;
}

/**
 * Checks for an error of the file system. Errors of file descriptors have no path. A database connection can also fail
 * with ENOENT.
 */
function isOfFile(error: unknown): error is { readonly syscall: unknown; readonly path?: unknown } {
  return typeof error === "object" && error !== null && "syscall" in error && !isOfSocket(error);
}

function isOfSocket(error: object): boolean {
  return "address" in error || ("syscall" in error && error.syscall === "connect");
}
