import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FolderPaths, pathsIn } from "#src/delivery/applier/gateway-folder";
import type { Term } from "#src/delivery/protocol/applier";
import type { Bundle, PlannedFile } from "#src/delivery/protocol/bundle";
import { fileDigest } from "#src/delivery/protocol/file-digest";
import type { Target } from "#src/delivery/protocol/target";
import { type AgentChild, startAgent } from "./agent-child";

const gatewayId = "gtw_1";
const installationId = "ins_1";
const key = randomBytes(32).toString("base64url");
const addresses = { address: "127.0.0.1:8000", probeAddress: "127.0.0.1:8001" };

let own: string;
let paths: FolderPaths;
let agents: AgentChild[];

beforeEach(() => {
  own = mkdtempSync(join(tmpdir(), "portcullis-agent-test-"));
  paths = pathsIn(join(own, "gateway"));
  agents = [];
});
afterEach(async () => {
  for (const agent of agents) await agent.stop();
  rmSync(own, { recursive: true, force: true });
});

function agent(more: { readonly signsWith?: string } = {}): AgentChild {
  const started = startAgent({ gatewayId, folder: paths.folder, key, ...more });
  agents.push(started);
  return started;
}

/** Claims the folder, and begins a term whose chain continues from this digest. */
async function begun({ connection: { applier } }: AgentChild, term: number, digest = ""): Promise<Target> {
  const nonce = existsSync(paths.claim) ? JSON.parse(readFileSync(paths.claim, "utf8")).nonce : null;
  const claim = await applier.claim({ installationId, gatewayId, nonce });
  const leaderId = `leader-${term}`;
  await applier.prepare({ term, leaderId }, addresses);
  const started: Term = { gatewayId, term, leaderId, nonce: claim.nonce, epoch: "e1", digest };
  return applier.begin(started);
}

const file = (name: string, text: string): PlannedFile => ({ name, text, digest: fileDigest(text), effect: "closes" });

function bundle(more: Partial<Bundle> = {}): Bundle {
  const revision = more.revision ?? 1;
  return {
    gatewayId,
    term: 1,
    epoch: "e1",
    revision,
    previous: "",
    digest: `d${revision}`,
    files: [file("a.yml", `of ${revision}`)],
    marker: `marker ${revision}`,
    probes: [],
    ...more,
  };
}

const deliver = (target: Target, sent: Bundle) => target.apply(sent.files, sent);
const live = (name: string) => readFileSync(join(paths.applications, name), "utf8");
const marker = () => (existsSync(paths.marker) ? readFileSync(paths.marker, "utf8") : null);

it("the process of an agent loads no database module", async () => {
  const { metafile } = await build({
    entryPoints: [join(import.meta.dirname, "../../../src/delivery/agent/agent-process.ts")],
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    write: false,
    metafile: true,
  });
  const modules = Object.keys(metafile.inputs);
  expect(modules).toContain("src/delivery/applier/file-target.ts");
  expect(modules).toContain("src/delivery/prober/route-prober.ts");
  expect(
    modules.filter((path) => /(^|\/)(drizzle|src\/(database|access|audit|features|http|main))\//.test(path)),
  ).toEqual([]);
  const packages = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  expect([...new Set(packages.filter((path) => !path.startsWith("node:")))].sort()).toEqual([
    "pino",
    "smol-toml",
    "typeid-js",
    "yaml",
    "zod",
  ]);
});

describe("an agent in a separate process", () => {
  it("an agent creates the folder for Traefik's start, applies a bundle, and reads back the applied files", async () => {
    const child = agent();
    const target = await begun(child, 1);
    expect(child.pid).not.toBe(process.pid);
    expect(readFileSync(paths.static, "utf8")).toContain(paths.dynamic);
    await deliver(target, bundle());
    expect([live("a.yml"), marker()]).toEqual(["of 1", "marker 1"]);
    expect([await target.read("a.yml"), await target.read("b.yml")]).toEqual(["of 1", null]);
    expect(await target.readMarker()).toBe("marker 1");
    expect(await target.digests(["a.yml", "b.yml"])).toEqual(
      new Map([
        ["a.yml", fileDigest("of 1")],
        ["b.yml", null],
      ]),
    );
    await deliver(target, bundle({ revision: 2, previous: "d1", files: [removal("a.yml")] }));
    expect([await target.names(), marker()]).toEqual([[], "marker 2"]);
  });

  it("an agent stages everything, and applies nothing before the delivery is due", async () => {
    const target = await begun(agent(), 1);
    const sent = bundle();
    await target.apply(sent.files, sent, {
      ready: async () => {
        expect([existsSync(join(paths.applications, "a.yml")), marker()]).toEqual([false, null]);
        expect(readdirSync(join(paths.staging, "1", "leader-1"))).toHaveLength(2);
      },
    });
    expect([live("a.yml"), marker()]).toEqual(["of 1", "marker 1"]);
  });

  it("an agent applies nothing of a delivery that is cancelled after it was staged", async () => {
    const target = await begun(agent(), 1);
    const sent = bundle();
    const given = target.apply(sent.files, sent, { ready: () => Promise.reject(new Error("overtaken")) });
    await expect(given).rejects.toThrow("overtaken");
    await deliver(target, bundle({ revision: 2, files: [file("b.yml", "b")] }));
    expect([await target.names(), marker()]).toEqual([["b.yml"], "marker 2"]);
  });

  it("an agent reports foreign files with the names that they define and the hosts that they route", async () => {
    const target = await begun(agent(), 1);
    mkdirSync(join(paths.dynamic, "more"));
    const routers = { r: { rule: "Host(`wiki.localhost`)", service: "s" } };
    const services = { s: { loadBalancer: { servers: [{ url: "http://127.0.0.1:9" }] } } };
    writeFileSync(join(paths.dynamic, "more", "one.yml"), JSON.stringify({ http: { routers, services } }));
    writeFileSync(join(paths.dynamic, "two.yml"), "{");
    const found = [];
    for await (const foreign of target.foreignFiles([])) found.push(foreign);
    const [one, two] = found.sort((first, second) => (first.path < second.path ? -1 : 1));
    expect(one).toMatchObject({ path: "more/one.yml", problem: null, hosts: ["wiki.localhost"] });
    expect(two).toMatchObject({ path: "two.yml", problem: { kind: "refused" } });
  });

  it("an agent gives the same reason for a wrong folder as the leader does in its own process", async () => {
    const child = agent();
    const target = await begun(child, 1);
    await target.requireClaim();
    rmSync(paths.claim);
    await expect(target.requireClaim()).rejects.toMatchObject({ name: "WrongFolder", why: "folder_replaced" });
    const claimed = child.connection.applier.claim({ installationId, gatewayId, nonce: "another" });
    await expect(claimed).rejects.toMatchObject({ name: "WrongFolder", why: "claim_missing" });
  });
});

describe("refused bundles", () => {
  const refused = async (target: Target, sent: Bundle, why: string) => {
    await expect(deliver(target, sent)).rejects.toMatchObject({ name: "BundleRefused", why });
    expect([await target.names(), marker()]).toEqual([["a.yml"], "marker 1"]);
    expect(readdirSync(paths.staging, { recursive: true }).filter((name) => /-\d+-/.test(String(name)))).toEqual([]);
  };

  it("a bundle is refused if no key of this gateway signed it", async () => {
    const target = await begun(agent(), 1);
    await deliver(target, bundle());
    const forger = agent({ signsWith: randomBytes(32).toString("base64url") });
    await refused(await begun(forger, 2, "d1"), bundle({ term: 2, revision: 2, previous: "d1" }), "bad_signature");
  });

  it("a bundle is refused if it belongs to an older term", async () => {
    const child = agent();
    await deliver(await begun(child, 4), bundle({ term: 4 }));
    const target = await begun(child, 5, "d1");
    await refused(target, bundle({ term: 4, revision: 2, previous: "d1" }), "older_term");
    await deliver(target, bundle({ term: 5, revision: 3, previous: "d1" }));
    expect(marker()).toBe("marker 3");
    await expect(begun(child, 4)).rejects.toMatchObject({ name: "BundleRefused", why: "older_term" });
  });

  it("a bundle is refused if it does not follow the last applied one, or arrives a second time", async () => {
    const target = await begun(agent(), 1);
    await deliver(target, bundle());
    await refused(target, bundle({ revision: 2, previous: "d7" }), "broken_chain");
    await refused(target, bundle(), "older_revision");
    await deliver(target, bundle({ revision: 3, previous: "d1" }));
    await expect(deliver(target, bundle({ revision: 4, previous: "" }))).rejects.toMatchObject({ why: "broken_chain" });
    expect(marker()).toBe("marker 3");
  });

  it("a bundle is refused if a file does not match its digest, has an unsafe name, or is for another gateway", async () => {
    const target = await begun(agent(), 1);
    await deliver(target, bundle());
    const next = { revision: 2, previous: "d1" };
    const altered = { ...file("b.yml", "b"), digest: fileDigest("c") };
    await refused(target, bundle({ ...next, files: [altered] }), "wrong_digest");
    await refused(target, bundle({ ...next, files: [file("../b.yml", "b")] }), "unreadable");
    await refused(target, bundle({ ...next, gatewayId: "gtw_2" }), "another_gateway");
  });
});

it("a bundle may follow the last recorded delivery, because a leader may not have recorded later applied ones", async () => {
  const target = await begun(agent(), 1);
  await deliver(target, bundle());
  await deliver(target, bundle({ revision: 2, previous: "" }));
  expect(marker()).toBe("marker 2");
});

it("the first bundle of a new epoch starts a new chain", async () => {
  const target = await begun(agent(), 1, "d7");
  await deliver(target, bundle({ epoch: "e2", previous: "" }));
  expect(marker()).toBe("marker 1");
});

it("an agent can no longer apply after another process has begun a newer term in the same folder (TM-53)", async () => {
  const former = await begun(agent(), 1);
  await deliver(former, bundle());
  const sent = bundle({ revision: 2, previous: "d1", files: [file("a.yml", "late")] });
  const late = former.apply(sent.files, sent, {
    ready: async () => void (await begun(agent(), 2, "d1")),
  });
  await expect(late).rejects.toMatchObject({ code: "ENOENT", syscall: "rename" });
  expect([live("a.yml"), marker()]).toEqual(["of 1", "marker 1"]);
});

it("an agent that is killed during staging applies nothing, the delivery fails, and a new agent continues", async () => {
  const child = agent();
  const target = await begun(child, 1);
  await deliver(target, bundle());
  const sent = bundle({ revision: 2, previous: "d1", files: [file("b.yml", "b")] });
  const cut = target.apply(sent.files, sent, {
    ready: async () => {
      child.kill("SIGKILL");
      expect(await child.ended).toBe("SIGKILL");
    },
  });
  await expect(cut).rejects.toMatchObject({ name: "ConnectionLost" });
  expect([await child.peer.closed.then(({ name }) => name), marker()]).toEqual(["ConnectionLost", "marker 1"]);
  const next = await begun(agent(), 2, "d1");
  expect(readdirSync(paths.staging)).toEqual(["2"]);
  await deliver(next, bundle({ term: 2, revision: 3, previous: "d1", files: [file("b.yml", "b")] }));
  expect([live("b.yml"), marker()]).toEqual(["b", "marker 3"]);
});

it("an agent ends by itself when its connection to the leader ends", async () => {
  const child = agent();
  await begun(child, 1);
  child.peer.close("the leader ends");
  expect(await child.ended).toBe(0);
});

function removal(name: string): PlannedFile {
  return { name, text: null, digest: null, effect: "removes" };
}
