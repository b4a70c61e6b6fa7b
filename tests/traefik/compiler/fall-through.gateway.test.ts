import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { compileApplication } from "#src/traefik/compiler/compile-application";
import { compileDeny } from "#src/traefik/compiler/compile-deny";
import { compileMarker } from "#src/traefik/compiler/compile-marker";
import { compileShared } from "#src/traefik/compiler/compile-shared";
import { APPLICATIONS_FOLDER } from "#src/traefik/compiler/names";
import type { ApplicationState, CompiledFile, GatewayState } from "#src/traefik/compiler/state";
import { hasTraefik, type RunningTraefik, startTraefik } from "#tests/support/traefik";
import { startUpstream, type Upstream } from "#tests/support/upstream";

const GATEWAY: GatewayState = {
  gatewayId: "gtw_one",
  entryPoint: "web",
  tagKey: new Uint8Array(32).fill(3),
  tags: true,
};
const HOST = "wiki.example.org";

describe.skipIf(!hasTraefik())("a router that Traefik does not build", () => {
  let folder: string;
  let traefik: RunningTraefik;
  let upstream: Upstream;
  let revision = 0;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "portcullis-fall-"));
    mkdirSync(join(folder, APPLICATIONS_FOLDER));
    [upstream, traefik] = await Promise.all([startUpstream("one"), startTraefik({ folder })]);
  });

  const root = () => compileApplication(application("root", null), GATEWAY, null);
  const deny = compileDeny({ organizationId: "org_one", group: 0, hosts: [HOST, `*.${HOST}`] }, GATEWAY);

  beforeEach(async () => {
    rmSync(join(folder, "foreign.yml"), { force: true });
    rmSync(join(folder, APPLICATIONS_FOLDER), { recursive: true });
    mkdirSync(join(folder, APPLICATIONS_FOLDER));
    await deliver([compileShared(GATEWAY), deny.file, root().file]);
  });

  afterAll(async () => {
    await Promise.all([traefik?.stop(), upstream?.close()]);
    rmSync(folder, { recursive: true, force: true });
  });

  const application = (id: string, pathPrefix: string | null, name = "Wiki"): ApplicationState => ({
    applicationId: `app_${id}`,
    organizationId: "org_one",
    name,
    access: "public-when-empty",
    closedByHand: false,
    openedBy: pathPrefix === null ? "create" : null,
    neverPublic: false,
    hashAlgorithm: "apr1",
    credentials:
      pathPrefix === null
        ? []
        : [{ securityId: `sec_${id}`, username: "ada", hash: "$apr1$saltsalt$HIDXe7D36X22w1CH4M1cQ.", valid: true }],
    routes: [
      {
        routeId: `rte_${id}`,
        host: HOST,
        pathPrefix,
        upstreams: [{ url: upstream.url, serverName: null }],
        enabled: true,
      },
    ],
  });

  /** Writes files where Traefik reads them, then the marker, and waits until the marker is live. */
  async function deliver(files: readonly (CompiledFile | null)[]): Promise<void> {
    for (const file of files) if (file !== null) writeFileSync(join(folder, APPLICATIONS_FOLDER, file.name), file.text);
    revision += 1;
    const secretHost = "marker.portcullis.invalid";
    const marker = compileMarker({ probeEntryPoint: "portcullis", secretHost, epoch: "e", revision, digest: "d" });
    writeFileSync(join(folder, "staged"), marker.text);
    renameSync(join(folder, "staged"), join(folder, marker.name));
    await traefik.until(
      { host: secretHost, entryPoint: "portcullis" },
      (answer) => answer.revision === `e.${revision}.d`,
    );
  }

  const broken = (file: CompiledFile | null, what: string, by: string): CompiledFile => {
    if (file === null || !file.text.includes(what)) throw new Error(`the file does not contain ${what}`);
    return { ...file, text: file.text.replace(what, by) };
  };

  test("requests for a router that was not built reach its deny twin, or the deny of its host, and no open application", async () => {
    const admin = compileApplication(application("admin", "/admin"), GATEWAY, null);
    const { tag, file } = root();
    await deliver([admin.file]);
    const ask = (path: string, host = HOST) => traefik.request({ host, path });
    expect(await ask("/")).toMatchObject({ status: 200, tag });
    expect(await ask("/admin/x")).toMatchObject({ status: 401, tag: admin.tag, pass: null });
    expect(await ask("/", `other.${HOST}`)).toMatchObject({ status: 403, tag: deny.tag, pass: null });

    const damages: readonly (readonly [string, string])[] = [
      ['"app_admin-auth",', '"app_gone-auth",'],
      ['"ada:', '"ada:x:'],
      ['"service": "rte_admin"', '"service": "rte_gone"'],
      ['"rule": "Host(`wiki.example.org`) && (Path(`/admin`)', '"rule": "Host(`wiki.example.org`) && (Oath(`/admin`)'],
    ];
    for (const [what, by] of damages) {
      await deliver([broken(admin.file, what, by)]);
      expect(await ask("/admin/x"), what).toMatchObject({ status: 403, tag: admin.twinTag, pass: null });
      expect(await ask("/admin"), what).toMatchObject({ status: 403, tag: admin.twinTag, pass: null });
      expect(await ask("/"), what).toMatchObject({ status: 200, tag });
    }

    await deliver([admin.file, broken(file, '"service": "rte_root"', '"service": "rte_gone"')]);
    expect(await ask("/")).toMatchObject({ status: 403, tag: deny.tag, pass: null });
    expect(await ask("/admin")).toMatchObject({ status: 401, tag: admin.tag, pass: null });
  });

  test("without the pass middleware, Traefik builds no router to an upstream", async () => {
    const shared = compileShared(GATEWAY);
    await deliver([broken(shared, '"portcullis-pass"', '"portcullis-lost"')]);
    expect((await traefik.request({ host: HOST })).status).toBe(403);
    await deliver([shared]);
    expect((await traefik.request({ host: HOST })).status).toBe(200);
  });

  test("a foreign router with a very long rule, or without entry points, has no precedence", async () => {
    const rule = `Host(\`${HOST}\`) && !Path(\`/${"x".repeat(5_000)}\`)`;
    const foreign = {
      routers: {
        foreign: { rule, service: "foreign" },
        foreignmarker: { rule: "PathPrefix(`/`)", service: "foreign" },
      },
      services: { foreign: { loadBalancer: { servers: [{ url: upstream.url }] } } },
    };
    writeFileSync(join(folder, "foreign.yml"), JSON.stringify({ http: foreign }));
    const { tag, file } = root();
    await deliver([file]);
    expect(await traefik.request({ host: HOST })).toMatchObject({ status: 200, tag });
    await traefik.until({ host: "elsewhere.example.org" }, ({ status }) => status === 200);
    expect((await traefik.request({ host: "elsewhere.example.org", entryPoint: "portcullis" })).status).toBe(404);
  });
});
