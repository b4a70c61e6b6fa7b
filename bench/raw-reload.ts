import { cpSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startTraefik } from "../tests/support/traefik";
import { monotonic } from "./monotonic";

/** The lower bound for a change at a gateway: a separate Traefik with a copy of the gateway's configuration. */
export interface RawReload {
  /** Milliseconds from the rename of one file into the watched folder until Traefik answers accordingly. */
  measure(): Promise<number>;
  stop(): Promise<void>;
}

/** @param folder the watched folder of a gateway, with all files delivered */
export async function startRawReload(folder: string): Promise<RawReload> {
  const temporaryFolder = mkdtempSync(join(tmpdir(), "portcullis-bench-reload-"));
  const watched = join(temporaryFolder, "dynamic");
  cpSync(folder, watched, { recursive: true });
  const traefik = await startTraefik({ folder: watched });
  const host = "raw.bench.test";
  let number = 0;
  const measure = async () => {
    number++;
    const file = join(temporaryFolder, "raw.yml");
    const http = {
      routers: {
        raw: { rule: `Host(\`${host}\`)`, entryPoints: ["web"], middlewares: ["raw"], service: "noop@internal" },
      },
      middlewares: { raw: { headers: { customResponseHeaders: { "x-bench-raw": String(number) } } } },
    };
    writeFileSync(file, JSON.stringify({ http }));
    const began = monotonic();
    renameSync(file, join(watched, "raw.yml"));
    for (;;) {
      const { headers } = await traefik.request({ host, method: "HEAD" });
      if (headers["x-bench-raw"] === String(number)) return monotonic() - began;
      if (monotonic() - began > 60_000) throw new Error(`Traefik did not load a file:\n${traefik.log()}`);
      await delay(5);
    }
  };
  await measure();
  return {
    measure,
    stop: async () => {
      await traefik.stop();
      rmSync(temporaryFolder, { recursive: true });
    },
  };
}
