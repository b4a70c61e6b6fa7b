import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openSyncWorld, type SyncWorld, until } from "../sync-world";

let sync: SyncWorld;

beforeEach(async () => {
  sync = await openSyncWorld();
});
afterEach(() => sync.close());

/** The result of the first comparison for files that were put there before it. */
async function reported(put: (folder: string) => void): Promise<string[]> {
  const { dynamic } = sync.paths;
  mkdirSync(dynamic, { recursive: true });
  await sync.given.application({ route: { host: "wiki.localhost", upstreams: [{ url: "http://127.0.0.1:9000" }] } });
  put(dynamic);
  sync.reconciler().start();
  const { foreignFiles } = await until(
    () => sync.gateway(),
    ({ comparedAt }) => comparedAt !== null,
  );
  return foreignFiles.map(({ path, problem, detail }) => `${path} ${problem} ${detail}`).sort();
}

it("an unreadable foreign file is reported, and does not prevent the check of the others", async () => {
  const lines = await reported((folder) => {
    symlinkSync(join(folder, "nowhere"), join(folder, "a.yml"));
    mkdirSync(join(folder, "things"));
    symlinkSync(join(folder, "things"), join(folder, "b.yml"));
    writeFileSync(join(folder, "c.yml"), "");
    truncateSync(join(folder, "c.yml"), 5 * 1024 * 1024);
    writeFileSync(join(folder, ".d.yml"), '{"http":{"routers":{}}}');
    writeFileSync(join(folder, "e.yml"), Buffer.from("\ufeffhttp:\n", "utf16le"));
    writeFileSync(join(folder, "f.toml"), Buffer.from("# caf\u00e9\n", "latin1"));
    writeFileSync(join(folder, "g.yml"), "a: !tag b\n");
  });
  expect(lines).toEqual([
    expect.stringMatching(/^\.d\.yml refused /),
    "a.yml unknown unreadable",
    "b.yml unknown unreadable",
    "c.yml unknown too_large",
    "e.yml unknown not_utf8",
    "f.toml unknown not_utf8",
    "g.yml unknown yaml_tag",
  ]);
});

it("foreign TCP routers precede all own routers, so those that may match a managed host are reported", async () => {
  const tcp = (rule: string) =>
    JSON.stringify({
      tcp: {
        routers: { t: { entryPoints: ["web"], rule, service: "s" } },
        services: { s: { loadBalancer: { servers: [{ address: "127.0.0.1:9" }] } } },
      },
    });
  const lines = await reported((folder) => {
    writeFileSync(join(folder, "all.yml"), tcp("HostSNI(`*`)"));
    writeFileSync(join(folder, "one.yml"), tcp("HostSNI(`wiki.localhost`)"));
    writeFileSync(join(folder, "other.yml"), tcp("HostSNI(`other.example.org`)"));
  });
  expect(lines).toEqual(["all.yml routes_managed_host every host, by t", "one.yml routes_managed_host wiki.localhost"]);
});

it("the services of a route with several upstreams are also recognized as own names", async () => {
  const lines = await reported((folder) => {
    const service = { loadBalancer: { servers: [{ url: "http://127.0.0.1:9" }] } };
    const name = "rte_01j5m3x8q2e9w7r4t6y8u0i1pa-0";
    writeFileSync(join(folder, "a.yml"), JSON.stringify({ http: { services: { [name]: service } } }));
  });
  expect(lines).toEqual(["a.yml defines_our_name rte_01j5m3x8q2e9w7r4t6y8u0i1pa-0"]);
});
