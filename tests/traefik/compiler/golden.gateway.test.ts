import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compileApplication } from "#src/traefik/compiler/compile-application";
import { compileShared, passTag } from "#src/traefik/compiler/compile-shared";
import { APPLICATIONS_FOLDER, MARKER_FILE, SHARED_FILE } from "#src/traefik/compiler/names";
import type { ApplicationState } from "#src/traefik/compiler/state";
import { hasTraefik, type RunningTraefik, startTraefik } from "#tests/support/traefik";
import { type NameRecorder, startNameRecorder, startUpstream, type Upstream } from "#tests/support/upstream";
import { expectedOf, type GoldenAsk, type GoldenCase, gatewayOf, goldenCases } from "./golden-case";

const CASES = goldenCases();
const HOME_OF_THE_GATEWAY = "the-home-of-the-gateway";

describe.skipIf(!hasTraefik())("compiled files at a real gateway", () => {
  let folder: string;
  let traefik: RunningTraefik;
  let one: Upstream;
  let two: Upstream;
  let names: NameRecorder;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "portcullis-golden-"));
    [one, two, names] = await Promise.all([startUpstream("one"), startUpstream("two"), startNameRecorder()]);
    const placed = (text: string) =>
      text
        .replaceAll("http://one.test:8080", one.url)
        .replaceAll("http://two.test:8080", two.url)
        .replaceAll("https://192.0.2.10:8443", names.url);
    mkdirSync(join(folder, APPLICATIONS_FOLDER));
    for (const golden of CASES) {
      const expected = expectedOf(golden);
      if (!expected?.fileName || expected.text === null || golden.input.kind === "static") continue;
      const target = expected.fileName === MARKER_FILE ? folder : join(folder, APPLICATIONS_FOLDER);
      writeFileSync(join(target, expected.fileName), placed(expected.text));
    }
    const written = CASES.find(({ input }) => input.kind === "static");
    const text = (written && expectedOf(written)?.text) ?? "";
    traefik = await startTraefik({
      folder,
      env: { HOME: HOME_OF_THE_GATEWAY },
      staticText: ({ address, probeAddress, dynamicFolder }) =>
        text
          .replace("127.0.0.1:8000", address)
          .replace("127.0.0.1:8001", probeAddress)
          .replace("/srv/portcullis/dynamic", dynamicFolder),
    });
    await traefik.until(
      { host: "m4rk3r.portcullis.invalid", entryPoint: "portcullis" },
      ({ status }) => status === 418,
    );
  });

  afterAll(async () => {
    await traefik?.stop();
    await Promise.all([one?.close(), two?.close(), names?.close()]);
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(CASES)("a real gateway answers as expected: $name", async (golden) => {
    for (const ask of golden.input.asks) await requireAnswer(golden, ask);
    requireCleanRequests();
  });

  async function requireAnswer(golden: GoldenCase, ask: GoldenAsk): Promise<void> {
    const { host, path, user, headers, entryPoint } = ask;
    const answer = await traefik.request({
      host,
      path,
      ...(user === undefined ? {} : { user }),
      ...(headers === undefined ? {} : { headers }),
      ...(entryPoint === undefined ? {} : { entryPoint }),
    });
    const subject = `${host} ${path} as ${user ?? "anyone"}`;
    expect(answer.status, subject).toBe(ask.status);
    const rest = expectedOf(golden)?.rest;
    const own = typeof rest === "object" && rest !== null && "tag" in rest ? rest.tag : null;
    expect(answer.tag, subject).toBe(ask.tag === "own" ? own : null);
    expect(answer.pass, subject).toBe(ask.pass && golden.input.kind !== "static" ? pass(golden) : null);
    if (ask.realm !== undefined) {
      expect(Buffer.from(answer.headers["www-authenticate"] ?? "", "latin1").toString("utf8")).toBe(
        `Basic realm="${ask.realm}"`,
      );
    }
    if (ask.upstream !== undefined) expect(answer.body, subject).toBe(ask.upstream);
    if (ask.revision !== undefined) expect(answer.revision).toBe(ask.revision);
    if (ask.serverName !== undefined) expect(names.names).toContain(ask.serverName);
    expect(JSON.stringify(answer)).not.toContain(HOME_OF_THE_GATEWAY);
  }

  function pass({ input }: GoldenCase): string | null {
    return input.kind === "static" ? null : passTag(gatewayOf(input.gateway));
  }

  /** An upstream never sees a password or a header of the control plane. */
  function requireCleanRequests(): void {
    for (const { headers } of [...one.seen, ...two.seen]) {
      expect(headers.authorization).toBeUndefined();
      expect(Object.keys(headers).filter((name) => name.startsWith("x-portcullis"))).toEqual([]);
    }
  }

  test("the gateway logged no warning or error, and its log contains no hash", () => {
    const log = stripVTControlCharacters(traefik.log());
    // Traefik 3.7.9 warns of encoded characters at every start, with any settings of its entry points.
    const complaints = log
      .split("\n")
      .filter((line) => / (ERR|WRN|FTL) /.test(line) && !line.includes("encoded characters"));
    expect(complaints).toEqual([]);
    expect(log).toContain(" INF ");
    expect(log).not.toMatch(/\$apr1\$|\$2b\$/);
  });
});

describe.skipIf(!hasTraefik())("the parts of a gateway", () => {
  const gateway = { gatewayId: "gw_local", entryPoint: "web", tagKey: Buffer.alloc(32, 1), tags: false };
  const open: ApplicationState = {
    applicationId: "app_open",
    organizationId: "org_acme",
    name: "Open",
    access: "public-when-empty",
    closedByHand: false,
    openedBy: "create",
    neverPublic: false,
    hashAlgorithm: "apr1",
    credentials: [],
    routes: [],
  };
  let upstream: Upstream;
  let traefik: RunningTraefik;

  beforeAll(async () => {
    [upstream, traefik] = await Promise.all([startUpstream("one"), startTraefik()]);
  });
  afterAll(async () => {
    await Promise.all([traefik?.stop(), upstream?.close()]);
  });

  test("nothing is served before the guard exists, and the guard removes Portcullis's headers from requests", async () => {
    const host = "open.example.org";
    const routes = [
      {
        routeId: "rte_open",
        host,
        pathPrefix: null,
        upstreams: [{ url: upstream.url, serverName: null }],
        enabled: true,
      },
    ];
    const { file } = compileApplication({ ...open, routes }, gateway, null);
    writeFileSync(join(traefik.folder, "application.yml"), file?.text ?? "");
    await traefik.until({ host }, () => /"?guard@file\\?"? does not exist/.test(traefik.log()));
    expect((await traefik.request({ host })).status).toBe(404);

    writeFileSync(join(traefik.folder, SHARED_FILE), compileShared(gateway).text);
    await traefik.until({ host }, ({ status }) => status === 200);
    await traefik.request({ host, headers: { "x-portcullis-tag": "forged", "x-portcullis-pass": "forged" } });
    expect(upstream.seen.at(-1)?.headers).not.toHaveProperty("x-portcullis-tag");
    expect(upstream.seen.at(-1)?.headers).not.toHaveProperty("x-portcullis-pass");

    const upgrade = { connection: "Upgrade", upgrade: ["foo", "h2c"] };
    await traefik.request({ host, headers: upgrade });
    expect(upstream.seen.at(-1)?.headers.upgrade, "the second line of the header is removed").toBe("foo");
  });
});
