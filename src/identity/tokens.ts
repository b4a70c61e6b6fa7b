import { createHash } from "node:crypto";
import type { RandomBytes } from "../platform/values";

/** 32 random bytes that represent a session or a link: returned once, stored as a hash. */
export interface NewToken {
  /** base64url, 43 characters. */
  readonly token: string;
  /** SHA-256 in hex, 64 characters. */
  readonly hash: string;
}

/** @param random a cryptographic source; called once, for 32 bytes */
export function newToken(random: RandomBytes): NewToken {
  const token = Buffer.from(random(32)).toString("base64url");
  return { token, hash: hashOfToken(token) };
}

/** The token holds 256 random bits, so a fast hash is enough: it cannot be guessed. */
export function hashOfToken(token: string): string {
  return createHash("sha256").update(token, "utf8").digest("hex");
}

const form = /^[\w-]{43}$/;

/** Whether text has the form of a token. Other text is refused without a query. */
export function isToken(text: unknown): text is string {
  return typeof text === "string" && form.test(text);
}
