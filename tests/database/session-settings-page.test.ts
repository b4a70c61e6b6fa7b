import { expect, test } from "vitest";
import { sessionSettings } from "#src/database/session-settings";

/** Updated by `npx vitest run --project unit tests/database/session-settings-page.test.ts --update`. */
test("docs/database-settings.md lists every pinned setting with its values and its reason", async () => {
  const rows = sessionSettings.map(({ name, value, why }) => {
    const values =
      typeof value === "string" ? [value, value, value] : [value.requests, value.migrations, value.embedded];
    return [`\`${name}\``, ...values.map((one) => `\`${one}\``), why];
  });
  const page = [...head, ...table([titles, ...rows]), ...foot].join("\n");
  await expect(`${page}\n`).toMatchFileSnapshot("../../docs/database-settings.md");
});

/** Formats a table as the repository's formatter does: every column is as wide as its widest cell. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = titles.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[], filler: string) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0, filler)).join(" | ")} |`;
  const [first = titles, ...rest] = rows;
  const rule = titles.map(() => "");
  return [line(first, " "), line(rule, "-"), ...rest.map((row) => line(row, " "))];
}

const titles = ["setting", "requests, sync, listener, commands", "migrations", "embedded", "why"];

const head = [
  "# Settings of a database session",
  "",
  "Each connection sets these values. They take precedence over `postgresql.conf`, `ALTER DATABASE`, `ALTER ROLE`, `ALTER",
  "ROLE … IN DATABASE`, the parameters of `DATABASE_URL` and environment variables. Times are in milliseconds, and 0 means",
  "no limit. Portcullis does not start if something between it and PostgreSQL drops these settings.",
  "",
];

const foot = [
  "",
  "The administrator decides about settings that only change speed, memory or where data is stored (`jit`,",
  "`plan_cache_mode`, `work_mem`, `default_tablespace`, …), and about settings that an ordinary role may not change",
  "(`lc_messages`, `log_*`). Portcullis does not start while `session_replication_role` is not `origin`, because triggers",
  "protect the audit log.",
];
