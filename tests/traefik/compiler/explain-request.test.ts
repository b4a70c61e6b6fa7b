import { describe, expect, test } from "vitest";
import { readDocument } from "#src/delivery/compiled-place";
import { compileApplication } from "#src/traefik/compiler/compile-application";
import { compileDeny } from "#src/traefik/compiler/compile-deny";
import { explainRequest, type OwnedDocument } from "#src/traefik/compiler/explain-request";
import type { ApplicationState, GatewayState, RouteState } from "#src/traefik/compiler/state";
import { matchOfOwnRule } from "#src/traefik/schema/own-rule";

const gateway: GatewayState = { gatewayId: "gtw_one", entryPoint: "web", tagKey: new Uint8Array(32), tags: true };
const hash = "$apr1$saltsalt$HIDXe7D36X22w1CH4M1cQ.";

function application(id: string, route: Partial<RouteState>, state: Partial<ApplicationState> = {}): ApplicationState {
  return {
    applicationId: `app_${id}`,
    organizationId: "org_one",
    name: "Wiki",
    closedByHand: false,
    access: "protected",
    openedBy: null,
    neverPublic: false,
    hashAlgorithm: "apr1",
    credentials: [{ securityId: `sec_${id}`, username: "ada", hash, valid: true }],
    routes: [
      {
        routeId: `rte_${id}`,
        host: "wiki.example.org",
        pathPrefix: null,
        upstreams: [{ url: "http://10.0.0.1:80", serverName: null }],
        enabled: true,
        ...route,
      },
    ],
    ...state,
  };
}

const documentOf = (state: ApplicationState, of = gateway): OwnedDocument<string> => {
  const { file } = compileApplication(state, of, null);
  if (file === null) throw new Error("no file");
  return { owner: state.applicationId, document: readDocument(file.text) };
};
const deny = (...hosts: string[]): OwnedDocument<string> => {
  const { file } = compileDeny({ organizationId: "org_one", group: 0, hosts }, gateway);
  if (file === null) throw new Error("no file");
  return { owner: "deny", document: readDocument(file.text) };
};
const open = { access: "public-when-empty", openedBy: "create", credentials: [] } as const;
const ask = { host: "wiki.example.org", path: "/", address: null, username: null };

describe("a rule of the compiler", () => {
  test.each([
    ["Host(`a.org`)", "a.org", "/x", { host: "a.org", pathPrefix: null }],
    ["Host(`a.org`)", "b.a.org", "/", null],
    ["Host(`b.org`) || Host(`a.org`)", "a.org", "/", { host: "a.org", pathPrefix: null }],
    ["HostRegexp(`^[^.]+\\.a\\.org\\.?$`)", "x.a.org", "/", { host: "*.a.org", pathPrefix: null }],
    ["HostRegexp(`^[^.]+\\.a\\.org\\.?$`)", "x.y.a.org", "/", null],
    ["HostRegexp(`^[^.]+\\.a\\.org\\.?$`)", "a.org", "/", null],
    ["Host(`a.org`) && (Path(`/b`) || PathPrefix(`/b/`))", "a.org", "/b", { host: "a.org", pathPrefix: "/b" }],
    ["Host(`a.org`) && (Path(`/b`) || PathPrefix(`/b/`))", "a.org", "/b/c", { host: "a.org", pathPrefix: "/b" }],
    ["Host(`a.org`) && (Path(`/b`) || PathPrefix(`/b/`))", "a.org", "/bc", null],
    ["Host(`a.org`) && (Path(`/b`) || PathPrefix(`/b/`))", "a.org", "/B", null],
    ["HeaderRegexp(`Upgrade`, `(?i)h2c`)", "a.org", "/", null],
    ["PathPrefix(`/`)", "a.org", "/", null],
  ])("%s matches %s%s", (rule, host, path, matched) => {
    expect(matchOfOwnRule(rule, { host, path })).toEqual(matched);
  });
});

describe("a request of a visitor", () => {
  test("without a username is asked for one", () => {
    expect(explainRequest([documentOf(application("one", {}))], ask)).toEqual({
      owner: "app_one",
      router: "rte_one",
      matched: { host: "wiki.example.org", pathPrefix: null },
      checks: [
        { check: "headers", outcome: "passed" },
        { check: "credentials", outcome: "asked" },
      ],
      verdict: "refused",
      status: 401,
      upstreams: ["http://10.0.0.1:80"],
    });
  });

  test.each([
    ["ada", "password", null, "password_needed"],
    ["Ada", "refused", 401, "unknown_username"],
    ["ad", "refused", 401, "unknown_username"],
    [`ada:${hash}`, "refused", 401, "unknown_username"],
  ] as const)("with the username %j gets the verdict %s", (username, verdict, status, outcome) => {
    const explained = explainRequest([documentOf(application("one", {}))], { ...ask, username });
    expect([explained?.verdict, explained?.status]).toEqual([verdict, status]);
    expect(explained?.checks).toContainEqual({ check: "credentials", outcome });
  });

  test("at a public application reaches the upstream", () => {
    const explained = explainRequest([documentOf(application("one", {}, open))], ask);
    expect([explained?.verdict, explained?.status]).toEqual(["reaches_upstream", null]);
    expect(explained?.checks.at(-1)).toEqual({ check: "upstream", outcome: "passed" });
  });

  test.each<[string, ApplicationState]>([
    ["closed by hand", application("one", {}, { closedByHand: true })],
    ["without a credential", application("one", {}, { credentials: [] })],
    [
      "with an expired credential",
      application("one", {}, { credentials: [{ securityId: "sec_one", username: "ada", hash, valid: false }] }),
    ],
    ["under maintenance", application("one", { enabled: false })],
  ])("at an application %s is refused, from any address and with any username", (_title, state) => {
    for (const [address, username] of [
      [null, null],
      ["203.0.113.7", "ada"],
      ["::1", null],
    ] as const) {
      const explained = explainRequest([documentOf(state)], { ...ask, address, username });
      expect([explained?.verdict, explained?.status, explained?.upstreams]).toEqual(["refused", 403, []]);
    }
  });

  test("that passes every list of a closed chain still reaches nothing", () => {
    const closed = documentOf(application("one", {}, { closedByHand: true }));
    const explained = explainRequest([closed], { ...ask, address: "255.255.255.255" });
    expect([explained?.status, explained?.checks.at(-1)]).toEqual([418, { check: "upstream", outcome: "nowhere" }]);
  });

  test("is answered by the deepest path, an exact host before a wildcard, and the deny of a claimed host", () => {
    const documents = [
      documentOf(application("wild", { host: "*.example.org" }, open)),
      documentOf(application("root", {}, open)),
      documentOf(application("deep", { pathPrefix: "/a/b" })),
      documentOf(application("shallow", { pathPrefix: "/a" }, { closedByHand: true })),
      deny("wiki.example.org", "*.example.org", "claimed.example.org"),
    ];
    const routerAt = (host: string, path: string) => explainRequest(documents, { ...ask, host, path })?.router;
    expect(routerAt("wiki.example.org", "/")).toBe("rte_root");
    expect(routerAt("wiki.example.org", "/ab")).toBe("rte_root");
    expect(routerAt("wiki.example.org", "/a")).toBe("rte_shallow");
    expect(routerAt("wiki.example.org", "/a/b/c")).toBe("rte_deep");
    expect(routerAt("other.example.org", "/a/b")).toBe("rte_wild");
    expect(routerAt("claimed.example.org", "/")).toBe("deny-org_one-0-exact");
    expect(routerAt("example.org", "/")).toBeUndefined();
    expect(routerAt("x.other.example.org", "/")).toBeUndefined();
  });

  test("at a gateway without tags has no check of headers", () => {
    const document = documentOf(application("one", {}), { ...gateway, tags: false });
    expect(explainRequest([document], ask)?.checks).toEqual([{ check: "credentials", outcome: "asked" }]);
  });
});
