import { describe, expect, test } from "vitest";
import { compileApplication } from "#src/traefik/compiler/compile-application";
import { compileDeny } from "#src/traefik/compiler/compile-deny";
import { compileMarker, type MarkerState } from "#src/traefik/compiler/compile-marker";
import { compileStatic } from "#src/traefik/compiler/compile-static";
import { renderDocument } from "#src/traefik/compiler/render-document";
import { hostRule, routeRule } from "#src/traefik/compiler/rule";
import type { ApplicationState } from "#src/traefik/compiler/state";

/** Invalid values of the installation itself affect all applications. The compiler therefore throws. */

const GATEWAY = { gatewayId: "gtw_one", entryPoint: "web", tagKey: new Uint8Array(32), tags: true };
const APPLICATION: ApplicationState = {
  applicationId: "app_one",
  organizationId: "org_one",
  name: "Wiki",
  access: "protected",
  closedByHand: false,
  openedBy: null,
  neverPublic: false,
  hashAlgorithm: "apr1",
  credentials: [],
  routes: [],
};

describe("values that cannot be compiled at all", () => {
  const marker: MarkerState = {
    probeEntryPoint: "portcullis",
    secretHost: "m.invalid",
    epoch: "e",
    revision: 1,
    digest: "d",
  };

  test.each([
    { probeEntryPoint: "a,b" },
    { probeEntryPoint: "" },
    { secretHost: "*.invalid" },
    { secretHost: "M.invalid" },
    { secretHost: "a`" },
    { epoch: "a.b" },
    { epoch: "" },
    { digest: "{{x}}" },
    { revision: -1 },
    { revision: 1.5 },
    { revision: Number.NaN },
  ])("compileMarker throws for a marker with %j", (wrong) => {
    expect(compileMarker(marker).text).toContain("e.1.d");
    expect(() => compileMarker({ ...marker, ...wrong })).toThrow(TypeError);
  });

  test.each(["", "Web", "a b", "web,portcullis", "{{x}}"])(
    "compileApplication throws for an entry point named %j",
    (entryPoint) => {
      expect(() => compileApplication(APPLICATION, { ...GATEWAY, entryPoint }, null)).toThrow(TypeError);
    },
  );

  test.each([{ organizationId: "../x" }, { group: -1 }, { group: 0.5 }])(
    "compileDeny throws for a deny with %j",
    (wrong) => {
      expect(() => compileDeny({ organizationId: "org_one", group: 0, hosts: [], ...wrong }, GATEWAY)).toThrow(
        TypeError,
      );
    },
  );

  test.each(["a\nb", "a\u0000", "a\u2028"])("compileStatic throws for the folder %j", (dynamicFolder) => {
    expect(() => compileStatic({ address: "127.0.0.1:1", probeAddress: "127.0.0.1:2", dynamicFolder })).toThrow(
      TypeError,
    );
  });

  test("compileStatic keeps a folder with quotes, backslashes, spaces and hashes as one value", () => {
    const text = compileStatic({ address: "[::1]:80", probeAddress: ":81", dynamicFolder: 'C:\\a "b" #c: d' });
    expect(text).toContain('directory: "C:\\\\a \\"b\\" #c: d"\n');
  });

  test("hostRule and routeRule throw for hosts and paths that are not in normal form", () => {
    for (const host of ["", "A.org", "a.org.", "a..org", "-a.org", "a`", "**.a", "*.*.a", "a:80", "[::1]", "a b"]) {
      expect(() => hostRule(host), host).toThrow(TypeError);
    }
    for (const path of [
      "",
      "/",
      "a",
      "/a/",
      "//",
      "/a//b",
      "/.",
      "/a/..",
      "/a`",
      "/{a}",
      "/a%20",
      "/a b",
      "/é",
      "/a\n",
    ]) {
      expect(() => routeRule("a.org", path), path).toThrow(TypeError);
    }
  });

  test("renderDocument throws for an empty map or list, and for a lone surrogate", () => {
    const router = { entryPoints: ["web"], rule: "Host(`a`)", priority: 1, service: "noop@internal" } as const;
    expect(renderDocument({ routers: { a: router } })).toContain('"service": "noop@internal"');
    expect(() => renderDocument({ routers: {} })).toThrow(TypeError);
    expect(() => renderDocument({ routers: { a: { ...router, middlewares: [] } } })).toThrow(TypeError);
    expect(() => renderDocument({ routers: { a: router }, services: {} })).toThrow(TypeError);
    expect(() => renderDocument({ routers: { a: { ...router, rule: "\ud800" } } })).toThrow(TypeError);
  });
});
