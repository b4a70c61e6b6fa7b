import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readDocument } from "#src/delivery/compiled-place";
import { compileApplication } from "#src/traefik/compiler/compile-application";
import { compileDeny } from "#src/traefik/compiler/compile-deny";
import { compileMarker } from "#src/traefik/compiler/compile-marker";
import { compileShared } from "#src/traefik/compiler/compile-shared";
import { explainRequest, type OwnedDocument } from "#src/traefik/compiler/explain-request";
import { APPLICATIONS_FOLDER } from "#src/traefik/compiler/names";
import type { ApplicationState, CompiledFile, GatewayState } from "#src/traefik/compiler/state";
import { hasTraefik, type RunningTraefik, startTraefik } from "#tests/support/traefik";
import { startUpstream, type Upstream } from "#tests/support/upstream";

const gateway: GatewayState = {
  gatewayId: "gtw_one",
  entryPoint: "web",
  tagKey: new Uint8Array(32).fill(7),
  tags: true,
};
const hash = "$apr1$saltsalt$yAAkm4libquA.ZWLHbSBq/"; // of "password"

/** Each application has one route, so its tag names the router. */
const places: readonly (readonly [
  id: string,
  host: string,
  pathPrefix: string | null,
  kind: "open" | "locked" | "closed",
])[] = [
  ["root", "wiki.example.org", null, "open"],
  ["admin", "wiki.example.org", "/admin", "locked"],
  ["deep", "wiki.example.org", "/admin/deep", "closed"],
  ["files", "wiki.example.org", "/files.d", "open"],
  ["wild", "*.example.org", null, "locked"],
  ["wildpath", "*.example.org", "/admin/deep/er", "open"],
  ["pathonly", "paths.example.org", "/only", "open"],
];
const claimed = ["wiki.example.org", "*.example.org", "paths.example.org", "bare.example.org", "*.bare.example.org"];

describe.skipIf(!hasTraefik())("an explained request, at a real gateway", () => {
  let folder: string;
  let traefik: RunningTraefik;
  let upstream: Upstream;
  /** By the tag of a compile, whose it is. */
  const owners = new Map<string | null, string>();
  const documents: OwnedDocument<string>[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "portcullis-explain-"));
    mkdirSync(join(folder, APPLICATIONS_FOLDER));
    [upstream, traefik] = await Promise.all([startUpstream("one"), startTraefik({ folder })]);
    const files: (CompiledFile | null)[] = [compileShared(gateway)];
    for (const place of places) {
      const { file, tag } = compileApplication(stateOf(place), gateway, null);
      add(place[0], tag, file);
      files.push(file);
    }
    const deny = compileDeny({ organizationId: "org_one", group: 0, hosts: claimed }, gateway);
    add("deny", deny.tag, deny.file);
    for (const file of [...files, deny.file]) {
      if (file !== null) writeFileSync(join(folder, APPLICATIONS_FOLDER, file.name), file.text);
    }
    const secretHost = "marker.portcullis.invalid";
    const marker = compileMarker({ probeEntryPoint: "portcullis", secretHost, epoch: "e", revision: 1, digest: "d" });
    writeFileSync(join(folder, "staged"), marker.text);
    renameSync(join(folder, "staged"), join(folder, marker.name));
    await traefik.until({ host: secretHost, entryPoint: "portcullis" }, (answer) => answer.revision === "e.1.d");
  });

  afterAll(async () => {
    await Promise.all([traefik?.stop(), upstream?.close()]);
    rmSync(folder, { recursive: true, force: true });
  });

  function add(owner: string, tag: string, file: CompiledFile | null): void {
    if (file === null) throw new Error(`no file of ${owner}`);
    owners.set(tag, owner);
    documents.push({ owner, document: readDocument(file.text) });
  }

  const stateOf = ([id, host, pathPrefix, kind]: (typeof places)[number]): ApplicationState => ({
    applicationId: `app_${id}`,
    organizationId: "org_one",
    name: id,
    closedByHand: kind === "closed",
    access: "public-when-empty",
    openedBy: kind === "open" ? "create" : null,
    neverPublic: false,
    hashAlgorithm: "apr1",
    credentials: kind === "open" ? [] : [{ securityId: `sec_${id}`, username: "ada", hash, valid: true }],
    routes: [
      {
        routeId: `rte_${id}`,
        host,
        pathPrefix,
        upstreams: [{ url: upstream.url, serverName: null }],
        enabled: true,
      },
    ],
  });

  const hosts = [
    "wiki.example.org",
    "paths.example.org",
    "other.example.org",
    "bare.example.org",
    "x.bare.example.org",
    "x.y.example.org",
    "example.org",
    "elsewhere.example",
  ];
  const paths = [
    ...["/", "/admin", "/admin/", "/admin/x", "/adminx", "/Admin", "/admin/deep", "/admin/deep/x", "/admin/deeper"],
    ...["/admin/deep/er", "/files.d", "/files.d/a", "/filesxd", "/only", "/only/", "/onlyy", "/a~b/c@d"],
  ];

  test("the router that the explanation names is the router that answered", async () => {
    const differing: unknown[] = [];
    const answered = new Set<string>();
    for (const host of hosts) {
      for (const path of paths) {
        const explained = explainRequest(documents, { host, path, address: "127.0.0.1", username: null });
        const { tag, status, pass } = await traefik.request({ host, path });
        const seen = { owner: owners.get(tag) ?? null, status, passed: pass !== null };
        const reaches = explained?.verdict === "reaches_upstream";
        const expected = {
          owner: explained?.owner ?? null,
          status: explained === null ? 404 : (explained.status ?? 200),
          passed: reaches,
        };
        answered.add(seen.owner ?? "none");
        if (JSON.stringify(seen) !== JSON.stringify(expected)) differing.push({ host, path, seen, expected });
      }
    }
    expect(differing).toEqual([]);
    expect(answered).toEqual(new Set([...places.map(([id]) => id), "deny", "none"]));
  });

  test("the verdict about a username is what the gateway does with the right and a wrong password", async () => {
    const host = "wiki.example.org";
    const verdictOf = (username: string | null) =>
      explainRequest(documents, { host, path: "/admin", address: null, username })?.verdict;
    const right = await traefik.request({ host, path: "/admin", user: "ada:password" });
    const wrong = await traefik.request({ host, path: "/admin", user: "ada:wrong" });
    const unknown = await traefik.request({ host, path: "/admin", user: "Ada:password" });
    expect([verdictOf("ada"), right.status, right.pass === null, wrong.status]).toEqual(["password", 200, false, 401]);
    expect([verdictOf("Ada"), unknown.status]).toEqual(["refused", 401]);
  });
});
