import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { patienceMs } from "./patience";
import { type RunningTraefik, startTraefik } from "./traefik";

export interface TraefikVerdicts {
  /**
   * Asks whether the file provider of a real Traefik takes the file: `accepted` once the marker next to it is live,
   * `refused` once the provider has logged an error about it or has crashed (and is restarted). It judges one file at a
   * time.
   * @throws Error with Traefik's log if neither happens within 10 s
   */
  verdictOf(file: { readonly extension: string; readonly text: string }): Promise<"accepted" | "refused">;
  /** The rules of the HTTP routers of the last accepted file, by the name of the router. */
  rules(): Promise<Readonly<Record<string, string>>>;
  stop(): Promise<void>;
}

const Routers = z.array(z.object({ name: z.string(), provider: z.string(), rule: z.string().default("") }));

const HOST = "marker.portcullis.invalid";
const HEADER = "x-marker";

/**
 * Starts one Traefik. Its watched folder contains a marker, and a subfolder with one file at a time, which Traefik
 * reads and does not watch. The rename of the marker is the only event, and its effect on both is the verdict. Traefik
 * listens before it reads and watches the folder: a file that is written in between has no event, so that the first
 * marker has to be live before anything is asked.
 */
export async function startTraefikVerdicts(): Promise<TraefikVerdicts> {
  const base = mkdtempSync(join(tmpdir(), "portcullis-verdict-"));
  const folder = join(base, "dynamic");
  const asked = join(folder, "1-asked");
  mkdirSync(asked, { recursive: true });
  let number = 0;
  const mark = () => {
    writeFileSync(join(base, "marker"), markerOf(number));
    renameSync(join(base, "marker"), join(folder, "0-marker.yml"));
  };
  const start = async () => {
    const started = await startTraefik({ folder, staticText });
    await started.until({ host: HOST, entryPoint: "portcullis" }, ({ headers }) => headers[HEADER] === String(number));
    return started;
  };
  mark();
  let traefik = await start();

  return {
    verdictOf: async ({ extension, text }) => {
      number++;
      const file = join(asked, `asked-${number}${extension}`);
      const logged = traefik.log().length;
      writeFileSync(file, text);
      mark();
      // A file that stays would be a part of every later verdict.
      const verdict = await firstSign(traefik, file, number, logged).finally(() => rmSync(file));
      if (verdict === "broken") {
        await traefik.stop("SIGKILL");
        traefik = await start();
      }
      return verdict === "accepted" ? "accepted" : "refused";
    },
    rules: async () => {
      const { body } = await traefik.request({
        host: HOST,
        path: "/api/http/routers?per_page=500",
        entryPoint: "portcullis",
      });
      const routers = Routers.parse(JSON.parse(body));
      const ofFile = routers.filter(({ name, provider }) => provider === "file" && !name.startsWith("marker"));
      return Object.fromEntries(ofFile.map(({ name, rule }) => [name.replace(/@file$/, ""), rule]));
    },
    stop: async () => {
      await traefik.stop();
      rmSync(base, { recursive: true, force: true });
    },
  };
}

async function firstSign(traefik: RunningTraefik, file: string, number: number, logged: number) {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const log = traefik.log().slice(logged);
    if (log.includes("Error in Go routine")) return "broken";
    if (log.split("\n").some((line) => line.includes("watcher callback") && line.includes(file))) return "refused";
    const answer = await traefik.request({ host: HOST, entryPoint: "portcullis" });
    if (answer.headers[HEADER] === String(number)) return "accepted";
    if (Date.now() > deadline) throw new Error(`Traefik neither accepted nor refused the file: ${file}\n${log}`);
    await delay(3);
  }
}

function markerOf(number: number): string {
  return JSON.stringify({
    http: {
      routers: {
        marker: {
          entryPoints: ["portcullis"],
          rule: `Host(\`${HOST}\`)`,
          priority: 2 ** 62,
          service: "noop@internal",
          middlewares: ["marker"],
        },
        "marker-api": {
          entryPoints: ["portcullis"],
          rule: `Host(\`${HOST}\`) && PathPrefix(\`/api/\`)`,
          priority: 2 ** 62 + 2 ** 12,
          service: "api@internal",
        },
      },
      middlewares: { marker: { headers: { customResponseHeaders: { [HEADER]: String(number) } } } },
    },
  });
}

function staticText(settings: { address: string; probeAddress: string; dynamicFolder: string }): string {
  return JSON.stringify({
    global: { checkNewVersion: false, sendAnonymousUsage: false },
    log: { level: "ERROR", format: "json" },
    api: {},
    entryPoints: {
      web: { address: settings.address, asDefault: true },
      portcullis: { address: settings.probeAddress },
    },
    providers: { providersThrottleDuration: "10ms", file: { directory: settings.dynamicFolder, watch: true } },
  });
}
