import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEmbedded } from "../../src/database/embedded/open-embedded";
import { migrateEmbedded } from "../../src/database/migrate";
import { projectRoot } from "../../src/main/project-root";
import { startControlPlane } from "../control-plane";
import type { Figure } from "../figure";
import { newPlace } from "../place";
import { timed } from "../raw-work";
import { median, ms, times } from "../statistics";

const samples = 3;
const asked = 1.7;

/** The first start on an empty data folder, against making and migrating the embedded database alone. */
export const firstStart: Figure = {
  name: "first-start",
  async measure() {
    const starts: number[] = [];
    const bare: number[] = [];
    for (let sample = 0; sample < samples; sample++) {
      bare.push(await timed(makeDatabase));
      const place = await newPlace("embedded");
      const began = performance.now();
      const server = await startControlPlane(place, { sync: true });
      starts.push(performance.now() - began);
      await server.stop();
      await place.remove();
    }
    const ratio = median(starts) / median(bare);
    return [
      {
        what: "first start of the process, embedded",
        measured: `${times(ratio)} of making its database (${ms(median(starts))} to ${ms(median(bare))})`,
        asked: `<= ${times(asked)}`,
        ok: ratio <= asked,
      },
    ];
  },
};

async function makeDatabase(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "portcullis-bench-database-"));
  const client = await openEmbedded(join(folder, "database"));
  await migrateEmbedded(client, projectRoot());
  await client.close();
  rmSync(folder, { recursive: true });
}
