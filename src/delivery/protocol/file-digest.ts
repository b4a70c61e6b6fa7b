import { createHash } from "node:crypto";

/** SHA-256 of a file's text, in hex. Two processes compare files by it. */
export function fileDigest(text: string | Uint8Array): string {
  return createHash("sha256").update(text).digest("hex");
}
