import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compileApplication } from "#src/traefik/compiler/compile-application";
import { compileDeny } from "#src/traefik/compiler/compile-deny";
import { compileShared } from "#src/traefik/compiler/compile-shared";
import { compileStatic } from "#src/traefik/compiler/compile-static";
import type { ApplicationState, GatewayState } from "#src/traefik/compiler/state";
import { hostAndPort } from "#tests/support/ask-gateway";
import { hasTraefik, type RunningTraefik, startTraefik } from "#tests/support/traefik";
import { startUpstream, type Upstream } from "#tests/support/upstream";

const GATEWAY: GatewayState = { gatewayId: "gtw_one", entryPoint: "web", tagKey: Buffer.alloc(32, 7), tags: true };
const CLOSED = "closed.example.org";
const DENIED = "denied.example.org";
const UNCLAIMED = "unclaimed.example.org";
/** The address in the closed address list, in every spelling that Go's address parser accepts. */
const SPELLINGS = ["255.255.255.255", "::ffff:255.255.255.255", "::ffff:ffff:ffff", "::255.255.255.255"];

describe.skipIf(!hasTraefik())("a closed application at a gateway that trusts all forwarded addresses", () => {
  let folder: string;
  let upstream: Upstream;
  let traefik: RunningTraefik;
  let tags: Record<string, string>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "portcullis-closed-"));
    mkdirSync(join(folder, "portcullis"));
    upstream = await startUpstream("one");
    const state: ApplicationState = {
      applicationId: "app_closed",
      organizationId: "org_one",
      name: "Wiki",
      access: "protected",
      closedByHand: false,
      openedBy: null,
      neverPublic: false,
      hashAlgorithm: "apr1",
      credentials: [],
      routes: [
        {
          routeId: "rte_closed",
          host: CLOSED,
          pathPrefix: null,
          upstreams: [{ url: upstream.url, serverName: null }],
          enabled: true,
        },
      ],
    };
    const application = compileApplication(state, GATEWAY, null);
    const deny = compileDeny({ organizationId: "org_one", group: 0, hosts: [CLOSED, DENIED] }, GATEWAY);
    tags = { [CLOSED]: application.tag, [DENIED]: deny.tag };
    for (const file of [compileShared(GATEWAY), application.file, deny.file]) {
      if (file !== null) writeFileSync(join(folder, "portcullis", file.name), file.text);
    }
    traefik = await startTraefik({
      folder,
      staticText: (settings) =>
        compileStatic(settings).replace(
          "    asDefault: true\n",
          "    asDefault: true\n    forwardedHeaders:\n      insecure: true\n    proxyProtocol:\n      insecure: true\n",
        ),
    });
    await traefik.until({ host: CLOSED }, ({ tag }) => tag !== null);
  });
  afterAll(async () => {
    await Promise.all([traefik?.stop(), upstream?.close()]);
    rmSync(folder, { recursive: true, force: true });
  });

  test.each([CLOSED, DENIED])("%s answers 403 with its tag, for every method and path", async (host) => {
    for (const method of ["GET", "HEAD", "POST", "OPTIONS", "DELETE"]) {
      expect(await traefik.request({ host, method, path: "/any/path?x=1" }), method).toMatchObject({
        status: 403,
        tag: tags[host],
        pass: null,
      });
    }
  });

  test("an unclaimed host answers 404 without a tag, at both entry points", async () => {
    for (const entryPoint of ["web", "portcullis"] as const) {
      expect(await traefik.request({ host: UNCLAIMED, entryPoint })).toMatchObject({ status: 404, tag: null });
      expect(await traefik.request({ host: "", entryPoint })).toMatchObject({ tag: null });
    }
    expect((await traefik.request({ host: CLOSED, entryPoint: "portcullis" })).status).toBe(404);
  });

  test("no header lets a visitor pass as the one address in the closed address list", async () => {
    for (const address of SPELLINGS) {
      const headers = {
        "x-forwarded-for": address,
        "x-real-ip": address,
        forwarded: `for="${address}"`,
        "true-client-ip": address,
        "cf-connecting-ip": address,
      };
      for (const host of [CLOSED, DENIED]) {
        expect((await traefik.request({ host, headers })).status, `${address} at ${host}`).toBe(403);
      }
      expect((await traefik.request({ host: CLOSED, headers: { "x-forwarded-for": [address, address] } })).status).toBe(
        403,
      );
    }
  });

  test("with the PROXY protocol, which can forge that address, the second lock answers 418 and nothing is served", async () => {
    for (const [family, address] of [
      ["TCP4", "255.255.255.255"],
      ["TCP6", "::ffff:255.255.255.255"],
    ]) {
      for (const host of [CLOSED, DENIED]) {
        const answer = await askThroughProxy(`PROXY ${family} ${address} ${address} 1 80`, host);
        expect(answer, `${address} at ${host}`).toMatch(/^HTTP\/1\.1 418 /);
        expect(answer.toLowerCase()).toContain(`x-portcullis-tag: ${tags[host]}`);
        expect(answer.toLowerCase()).not.toContain("x-portcullis-pass");
      }
    }
    expect(upstream.seen).toEqual([]);
  });

  function askThroughProxy(line: string, host: string): Promise<string> {
    const [hostname, port] = hostAndPort(traefik.address);
    const socket = connect(port, hostname);
    socket.write(`${line}\r\nGET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    return text(socket);
  }
});
