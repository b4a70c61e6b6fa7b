import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compileShared } from "#src/traefik/compiler/compile-shared";
import { compileStatic } from "#src/traefik/compiler/compile-static";
import { APPLICATIONS_FOLDER, PROBE_ENTRY_POINT, VISITORS_ENTRY_POINT } from "#src/traefik/compiler/names";
import type { GatewayState } from "#src/traefik/compiler/state";
import { hasTraefik, type RunningTraefik, startTraefik } from "../support/traefik";

const GATEWAY: GatewayState = { gatewayId: "gtw_one", entryPoint: "web", tagKey: Buffer.alloc(32, 7), tags: true };
/** `/ping` belongs to Traefik's health check, and the others to its API, dashboard and metrics. */
const PATHS = ["/api/rawdata", "/api/version", "/api/http/routers", "/dashboard/", "/debug/vars", "/metrics", "/ping"];

/** A foreign file that tries to publish the API, and one route that shows that the gateway has read the file. */
const foreign = {
  http: {
    routers: {
      ...Object.fromEntries(
        ["api@internal", "dashboard@internal", "rest@internal", "prometheus@internal"].map((service, at) => [
          `internal-${at}`,
          {
            rule: `Host(\`internal-${at}.example.org\`)`,
            service,
            entryPoints: [VISITORS_ENTRY_POINT, PROBE_ENTRY_POINT],
          },
        ]),
      ),
      loaded: { rule: "Host(`loaded.example.org`)", service: "noop@internal" },
    },
  },
};

describe.skipIf(!hasTraefik())("the admin API of a gateway with the generated static configuration", () => {
  let folder: string;
  let traefik: RunningTraefik;

  const begin = async (staticText: typeof compileStatic) => {
    folder = mkdtempSync(join(tmpdir(), "portcullis-admin-api-"));
    mkdirSync(join(folder, APPLICATIONS_FOLDER));
    const shared = compileShared(GATEWAY);
    writeFileSync(join(folder, APPLICATIONS_FOLDER, shared.name), shared.text);
    writeFileSync(join(folder, "foreign.yml"), JSON.stringify(foreign));
    traefik = await startTraefik({ folder, staticText });
    await traefik.until({ host: "loaded.example.org" }, ({ status }) => status === 418);
  };
  const end = async () => {
    await traefik?.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const statusesOf = async (host: string) => {
    const asked = (["web", "portcullis"] as const).flatMap((entryPoint) =>
      PATHS.map(async (path) => (await traefik.request({ host, path, entryPoint })).status),
    );
    return new Set(await Promise.all(asked));
  };

  describe("as it is", () => {
    beforeAll(() => begin(compileStatic));
    afterAll(() => end());

    test("no entry point serves the API, the dashboard, metrics or the health check (PO-1, PO-13, PO-26)", async () => {
      for (const host of ["127.0.0.1", "localhost", "traefik"])
        expect(await statusesOf(host), host).toEqual(new Set([404]));
    });

    // `api.insecure: true` opens one more port.
    test.skipIf(!existsSync("/proc/net/tcp"))(
      "Traefik listens at its two entry points and nowhere else (PO-1, PO-26)",
      () => {
        const ports = [traefik.address, traefik.probeAddress].map((address) => Number(address.split(":").at(-1)));
        expect(portsOf(traefik.pid).sort()).toEqual(ports.sort());
      },
    );

    test("a foreign file cannot publish the API, because the gateway has none (PO-1, PO-13, PO-26)", async () => {
      for (const at of [0, 1, 2, 3]) expect(await statusesOf(`internal-${at}.example.org`)).toEqual(new Set([404]));
    });
  });

  describe("with the API switched on by hand", () => {
    beforeAll(() => begin((settings) => `${compileStatic(settings)}api: {}\n`));
    afterAll(() => end());

    test("the same foreign file publishes it, so the requests of these tests do reach an API", async () => {
      const { status, body } = await traefik.request({ host: "internal-0.example.org", path: "/api/version" });
      expect([status, body]).toEqual([200, expect.stringContaining('"Version"')]);
    });
  });
});

/** The TCP ports at which a process listens. proc(5): the state `0A` is LISTEN, and the inode is in the tenth column. */
function portsOf(pid: number): number[] {
  const open = new Set(readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`)));
  return ["tcp", "tcp6"]
    .flatMap((table) => readFileSync(`/proc/net/${table}`, "utf8").trim().split("\n").slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[3] === "0A" && open.has(`socket:[${columns[9]}]`))
    .map((columns) => Number.parseInt(columns[1]?.split(":")[1] ?? "", 16));
}
