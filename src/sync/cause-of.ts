import { isUnreachable } from "../persistence/database-errors";
import { errorCode } from "./file-system";

const words: Readonly<Record<string, string>> = {
  ENOSPC: "The disk of the gateway's folder is full.",
  EDQUOT: "The disk quota of the gateway's folder is used up.",
  EROFS: "The gateway's folder is on a read-only file system.",
  EACCES: "This process may not write to the gateway's folder.",
  EPERM: "This process may not write to the gateway's folder.",
  ENOENT: "The gateway's folder, or a part of it, is gone.",
  ENOTDIR: "Something that is no folder stands where the gateway's folder should be.",
  EIO: "The disk of the gateway's folder does not work.",
  EXDEV: "The gateway's folder is spread over several file systems.",
  EMFILE: "This process has too many files open.",
};

/** Why a delivery failed, in words for a person: no path, no statement, no value. */
export function causeOf(error: unknown): string {
  // A connection to the database that is missing also says ENOENT.
  const isFile = typeof error === "object" && error !== null && "syscall" in error && "path" in error;
  const code = isFile ? errorCode(error) : null;
  if (code !== null && words[code] !== undefined) return words[code];
  if (isUnreachable(error)) return "The database does not answer.";
  const message = error instanceof Error ? error.message : "";
  if (message.includes("the folder was replaced")) return "The gateway's folder was replaced or removed.";
  return "The delivery failed for a reason that the log tells.";
}
