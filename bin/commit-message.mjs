import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

/** Checks the message of a commit, as a Git hook: `node bin/commit-message.mjs <file with the message>`. */

const types = ["build", "chore", "ci", "docs", "feat", "fix", "perf", "refactor", "revert", "style", "test"];
const header = new RegExp(`^(?:${types.join("|")})(?:\\([a-z0-9][a-z0-9/-]*\\))?!?: \\S`);

/** What Git itself writes, and what a rebase takes away again. */
const exempt = /^(?:Merge |Revert "|fixup! |squash! |amend! )/;

/** Characters of the first line. Longer ones are cut off where logs are read. */
const longest = 120;

/**
 * Why a message does not follow Conventional Commits, in one sentence; null when it does.
 * @param {string} text of the message, with the comment lines that Git adds
 */
export function problemOf(text) {
  const lines = text.split(/\r?\n/).filter((line) => !line.startsWith("#"));
  const [first = "", second = ""] = lines;
  if (exempt.test(first)) return null;
  if (!header.test(first)) {
    return `The first line must be "type(scope): subject" or "type: subject", and the type one of ${types.join(", ")}. It is "${first}".`;
  }
  if (first.length > longest) {
    return `The first line has ${first.length} characters. It may have ${longest}: move the reason to the body.`;
  }
  if (first.endsWith(".")) return "The first line must not end with a full stop.";
  if (second.trim() !== "") return "The second line must be empty: it separates the subject from the body.";
  return null;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const problem = problemOf(readFileSync(process.argv[2], "utf8"));
  if (problem !== null) {
    process.stderr.write(`${problem}\nCONTRIBUTING.md has the rules. Your text is in .git/COMMIT_EDITMSG.\n`);
    process.exitCode = 1;
  }
}
