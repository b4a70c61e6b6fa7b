import { expect, test } from "vitest";
import { compileApplication } from "#src/traefik/compiler/compile-application";
import type { ApplicationState, RouteState } from "#src/traefik/compiler/state";

const gateway = { gatewayId: "gtw_1", entryPoint: "web", tagKey: new Uint8Array(32), tags: true };
const route: RouteState = {
  routeId: "rte_1",
  host: "wiki.example.org",
  pathPrefix: null,
  enabled: true,
  upstreams: [{ url: "http://127.0.0.1:9000", serverName: null }],
};
const application: ApplicationState = {
  applicationId: "app_1",
  organizationId: "org_1",
  name: "Wiki",
  access: "protected",
  closedByHand: false,
  openedBy: null,
  neverPublic: false,
  hashAlgorithm: "apr1",
  credentials: [{ securityId: "sec_1", username: "ada", hash: "$apr1$abcdefgh$i8v2X5X1n2sJ0J9Hh3Zq10", valid: true }],
  routes: [route],
};

test("two routes with the same host and path are both closed, even if one was served before (DK-18)", () => {
  const before = compileApplication(application, gateway, null);
  expect(before.file?.text).toContain("127.0.0.1:9000");
  const second = { ...route, routeId: "rte_2", upstreams: [{ url: "http://127.0.0.1:9001", serverName: null }] };
  const { form, file, diagnostics } = compileApplication(
    { ...application, routes: [route, second] },
    gateway,
    before.fingerprints,
  );
  expect(form).toBe("closed");
  expect(diagnostics.map(({ problem }) => problem)).toEqual(["duplicate_route", "duplicate_route"]);
  expect(file?.text).not.toContain("127.0.0.1");
});

test("a changed password, name, route or upstream changes the tag, so an older compile proves nothing (DK-3)", () => {
  const [credential] = application.credentials;
  const tagOf = (more: Partial<ApplicationState>) => {
    const { tag, twinTag } = compileApplication({ ...application, ...more }, gateway, null);
    return [tag, twinTag];
  };
  const tags = [
    tagOf({}),
    tagOf({ name: "Blog" }),
    tagOf({ credentials: credential ? [{ ...credential, hash: "$apr1$abcdefgh$i8v2X5X1n2sJ0J9Hh3Zq11" }] : [] }),
    tagOf({ credentials: credential ? [{ ...credential, username: "bob" }] : [] }),
    tagOf({ routes: [{ ...route, pathPrefix: "/admin" }] }),
    tagOf({ routes: [{ ...route, upstreams: [{ url: "http://127.0.0.1:9001", serverName: null }] }] }),
  ];
  expect(new Set(tags.flat()).size).toBe(2 * tags.length);
});
