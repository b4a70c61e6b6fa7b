import { expect, test } from "vitest";
import { sessionSettings } from "../../src/persistence/session-settings";

/** Written again by `npx vitest run --project unit tests/persistence/session-settings-page.test.ts --update`. */
test("docs/database-settings.md lists every pinned setting with its values and its reason", async () => {
  const rows = sessionSettings.map(({ name, value, why }) => {
    const values =
      typeof value === "string" ? [value, value, value] : [value.requests, value.migrations, value.embedded];
    return `| \`${name}\` | ${values.map((one) => `\`${one}\``).join(" | ")} | ${why} |`;
  });
  await expect(`${[...head, ...rows, ...foot].join("\n")}\n`).toMatchFileSnapshot("../../docs/database-settings.md");
});

const head = [
  "# Settings of a database session",
  "",
  "Each connection has these settings, whatever `postgresql.conf`, `ALTER DATABASE`, `ALTER ROLE`, `ALTER ROLE … IN",
  "DATABASE`, the parameters of `DATABASE_URL` and environment variables say. Times are in milliseconds, and 0 is without",
  "end.",
  "",
  "| setting | requests, sync, listener, commands | migrations | embedded | why |",
  "| --- | --- | --- | --- | --- |",
];

const foot = [
  "",
  "Settings that only change speed, memory or where data is stored (`jit`, `plan_cache_mode`, `work_mem`,",
  "`default_tablespace`, …) are the administrator's, and so are those that an ordinary role may not set (`lc_messages`,",
  "`log_*`). A start is refused while `session_replication_role` is not `origin`, because triggers protect the audit log.",
];
