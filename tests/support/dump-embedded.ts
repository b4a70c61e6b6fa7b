import { join } from "node:path";
import { openEmbedded } from "#src/database/embedded/open-embedded";

/**
 * Returns every row of every table of an embedded database as text, in `COPY`'s format without escaping. No other
 * process may have it open.
 */
export async function dumpEmbedded(dataFolder: string): Promise<string> {
  const client = await openEmbedded(join(dataFolder, "database"));
  try {
    await client.exec("reset role; set row_security = off");
    const { rows: tables } = await client.query<{ name: string }>(
      "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')",
    );
    const parts: string[] = [];
    for (const { name } of tables) {
      const { rows } = await client.query<{ text: string }>(`select t::text as text from ${name} as t`);
      parts.push(name, ...rows.map(({ text }) => text));
    }
    return parts.join("\n");
  } finally {
    await client.close();
  }
}
