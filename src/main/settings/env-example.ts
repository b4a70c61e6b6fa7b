import { type Setting, settingsTable } from "./settings-table";

const lineLength = 100;

/** Renders `.env.example`. */
export function renderExample(): string {
  const head = [
    "# Every setting of Portcullis. None is needed to try it on one machine.",
    "# Copy this file to .env, or set environment variables, which take precedence.",
    "# In .env: UTF-8; NAME=value or export NAME=value. A # after a space begins a comment. Nothing is",
    "# expanded: $ and \\ are literal. Values may be in single quotes (literal, also over several lines)",
    "# or double quotes (with \\n, \\r, \\t, \\\", \\\\ and \\$). Docker's --env-file does not support quotes.",
  ];
  const entries = Object.values<Setting>(settingsTable).flatMap((setting) => [
    "",
    ...wrapped(setting.description),
    ...(setting.secret ? [`# Also as ${setting.name}_FILE: the path of a file that holds it.`] : []),
    setting.default === null ? `# Not set by default. Example: ${setting.example}` : `# Default: ${setting.default}`,
    `# ${setting.name}=${setting.default ?? ""}`,
  ]);
  return [...head, ...entries, ""].join("\n");
}

function wrapped(text: string): string[] {
  const lines: string[] = [];
  let line = "#";
  for (const word of text.split(" ")) {
    if (line.length + 1 + word.length > lineLength) {
      lines.push(line);
      line = "#";
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
