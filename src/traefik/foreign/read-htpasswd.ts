import { checkUsername, type UsernameProblem } from "#src/platform/passwords/credential-rules";
import type { HashAlgorithm } from "#src/platform/passwords/hash-algorithm";
import { hashCost } from "../compiler/hash-shape";

/**
 * The highest cost of a bcrypt hash that is taken from a file: the cost of Portcullis's own hashes, about 50 ms for each
 * request of a visitor. Every step more doubles what one stranger can cost the gateway.
 */
export const highestBcryptCost = 10;

/** Why a line cannot become a credential, whatever the application is. */
export type HtpasswdProblem =
  | UsernameProblem
  | "line_too_long"
  | "colon_missing"
  | "several_colons"
  | "replacement_character"
  | "hash_missing"
  | "hash_is_sha1"
  | "hash_is_crypt"
  | "hash_unknown"
  | "hash_malformed"
  | "bcrypt_cost_too_high"
  | "duplicate_in_file";

/** How a hash was made. */
export interface HtpasswdHash {
  readonly text: string;
  readonly algorithm: HashAlgorithm;
  /** The cost of bcrypt; null for apr1. */
  readonly cost: number | null;
}

/** One line that is neither empty nor a comment, by its number in the file. */
export type HtpasswdLine = { readonly line: number } & (
  | { readonly username: string; readonly hash: HtpasswdHash; readonly problem: null }
  /** `username` is null if it must not be shown. */
  | { readonly username: string | null; readonly hash: null; readonly problem: HtpasswdProblem }
);

/** A username of 255 bytes, a colon and a bcrypt hash need 316. */
const longestLine = 400;

/**
 * Reads an htpasswd file as Traefik 3.7.9 reads it: lines are trimmed, and empty lines and lines that begin with `#` do
 * not count. Traefik takes the last of several lines with one username, so all others are problems: none of them may
 * bring back a password that no longer works. The hashes stay as they are; Traefik reads `$2y$`, `$2a$` and `$2b$`.
 */
export function readHtpasswd(text: string): HtpasswdLine[] {
  const lines = text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .map((content, index) => ({ line: index + 1, content: content.trim() }))
    .filter(({ content }) => content !== "" && !content.startsWith("#"));
  const last = new Map(lines.map(({ line, content }) => [usernameOf(content), line]));
  return lines.map(({ line, content }) => {
    const read = readLine(line, content);
    if (read.username === null || last.get(read.username) === line) return read;
    return { line, username: read.username, hash: null, problem: "duplicate_in_file" };
  });
}

function usernameOf(content: string): string {
  return content.slice(0, Math.max(content.indexOf(":"), 0));
}

function readLine(line: number, content: string): HtpasswdLine {
  const refused = (problem: HtpasswdProblem, username: string | null = null): HtpasswdLine => {
    return { line, username, hash: null, problem };
  };
  if (content.length > longestLine) return refused("line_too_long");
  if (!content.includes(":")) return refused("colon_missing");
  const username = usernameOf(content);
  const problem = checkUsername(username);
  if (problem !== null) return refused(problem);
  if (username.includes("\uFFFD")) return refused("replacement_character");
  const hash = content.slice(username.length + 1);
  const read = readHash(hash);
  return typeof read === "string" ? refused(read, username) : { line, username, hash: read, problem: null };
}

function readHash(text: string): HtpasswdHash | HtpasswdProblem {
  if (text === "") return "hash_missing";
  if (text.includes(":")) return "several_colons";
  if (text.startsWith("{SHA}")) return "hash_is_sha1";
  if (text.startsWith("$apr1$")) {
    return hashCost("apr1", text) === null ? "hash_malformed" : { text, algorithm: "apr1", cost: null };
  }
  if (/^\$2[aby]\$/.test(text)) {
    const cost = Number(/^\$2.\$(\d\d)\$/.exec(text)?.[1] ?? Number.NaN);
    if (cost > highestBcryptCost) return "bcrypt_cost_too_high";
    return hashCost("bcrypt", text) === null ? "hash_malformed" : { text, algorithm: "bcrypt", cost };
  }
  return /^\$[\w-]+\$/.test(text) || /^[./0-9A-Za-z]{13}$/.test(text) ? "hash_is_crypt" : "hash_unknown";
}
