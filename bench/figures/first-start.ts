import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEmbedded } from "#src/database/embedded/open-embedded";
import { migrateEmbedded } from "#src/database/migrate";
import { projectRoot } from "#src/main/project-root";
import { startControlPlane } from "../control-plane";
import type { Figure } from "../figure";
import { newInstallation } from "../installation";
import { timed } from "../raw-work";
import { median, ms, times } from "../statistics";

const samples = 3;
const target = 1.7;

/** The first start on an empty data folder, compared with only creating and migrating the embedded database. */
export const firstStart: Figure = {
  name: "first-start",
  async measure() {
    const starts: number[] = [];
    const databaseOnly: number[] = [];
    for (let sample = 0; sample < samples; sample++) {
      databaseOnly.push(await timed(createDatabase));
      const installation = await newInstallation("embedded");
      const began = performance.now();
      const server = await startControlPlane(installation, { sync: true });
      starts.push(performance.now() - began);
      await server.stop();
      await installation.remove();
    }
    const ratio = median(starts) / median(databaseOnly);
    return [
      {
        label: "first start of the process, embedded",
        measured: `${times(ratio)} of creating its database (${ms(median(starts))} and ${ms(median(databaseOnly))})`,
        target: `<= ${times(target)}`,
        ok: ratio <= target,
      },
    ];
  },
};

async function createDatabase(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "portcullis-bench-database-"));
  const client = await openEmbedded(join(folder, "database"));
  await migrateEmbedded(client, projectRoot());
  await client.close();
  rmSync(folder, { recursive: true });
}
