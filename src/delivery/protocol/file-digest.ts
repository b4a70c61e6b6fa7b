import { createHash } from "node:crypto";

/** SHA-256 of a file's text, hex: what two processes compare it by. */
export function fileDigest(text: string | Uint8Array): string {
  return createHash("sha256").update(text).digest("hex");
}
