import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileApplication } from "#src/traefik/compiler/compile-application";
import { compileDeny } from "#src/traefik/compiler/compile-deny";
import { compileShared } from "#src/traefik/compiler/compile-shared";
import type { CompiledFile, Diagnostic, GatewayState } from "#src/traefik/compiler/state";
import { unbuildable } from "#src/traefik/schema/unbuildable";
import { compileGolden, goldenCases } from "../compiler/golden-case";
import { anyDeny, anyState } from "../compiler/state-arbitrary";

const gateway: GatewayState = { gatewayId: "gtw_1", entryPoint: "web", tagKey: new Uint8Array(32), tags: true };
const shared = compileShared(gateway);
const hash = "$apr1$saltsalt$HIDXe7D36X22w1CH4M1cQ.";
const bcrypt = "$2b$04$G/R6Tubb.58rSeR3wSeKYe5Fb97Iz5sg.Iu6VaCOTkeZ9941sIkk.";

interface Parts {
  readonly router?: object;
  readonly auth?: object;
  readonly middlewares?: object;
  readonly services?: object;
  readonly more?: object;
}

/** Compiles a protected application by hand, with some of its parts replaced. */
function file({ router, auth, middlewares, services, more }: Parts = {}): CompiledFile {
  const basicAuth = { users: [`ada:${hash}`], removeHeader: true, realm: "Wiki", ...auth };
  const http = {
    routers: {
      rte_1: {
        entryPoints: ["web"],
        rule: "Host(`wiki.example.org`)",
        priority: 2 ** 41,
        service: "rte_1",
        middlewares: ["app_1-auth", "portcullis-pass"],
        ...router,
      },
    },
    middlewares: middlewares ?? { "app_1-auth": { basicAuth } },
    services: services ?? { rte_1: { loadBalancer: { servers: [{ url: "http://127.0.0.1:9000" }] } } },
  };
  return { name: "app_1.yml", text: JSON.stringify({ http, ...more }) };
}

const problems = (diagnostics: readonly Diagnostic[]): string[] => diagnostics.map(({ problem }) => problem);
const guarded = (middleware: object) => ({ middlewares: { "app_1-auth": middleware } });

describe("parts of own output that Traefik would not build", () => {
  it("unbuildable finds nothing in a valid file", () => {
    expect(unbuildable(file(), [shared])).toEqual([]);
    expect(unbuildable(shared)).toEqual([]);
  });

  it.each<[string, CompiledFile]>([
    ["foreign_rule", file({ router: { rule: "PathPrefix(`/`)" } })],
    ["foreign_rule", file({ router: { rule: "Host(`a`) || PathPrefix(`/`)" } })],
    ["foreign_rule", file({ router: { rule: "Host(`a.example`) && PathPrefix(`/a`)" } })],
    ["foreign_rule", file({ router: { rule: "Host(`a.example`) && (Path(`/a`) || PathPrefix(`/b/`))" } })],
    ["foreign_rule", file({ router: { rule: "HostRegexp(`.*`)" } })],
    ["foreign_rule", file({ router: { rule: "" } })],
    ["not_one_entry_point", file({ router: { entryPoints: [] } })],
    ["not_one_entry_point", file({ router: { entryPoints: ["web", "other"] } })],
    ["not_one_entry_point", file({ router: { entryPoints: ["web║other"] } })],
    ["unknown_service", file({ router: { service: "rte_2" } })],
    ["no_middlewares", file({ router: { middlewares: [] } })],
    ["no_middlewares", file({ router: { middlewares: null } })],
    ["unknown_middleware", file({ router: { middlewares: ["app_2-auth"] } })],
    ["unknown_middleware", file({ router: { middlewares: ["app_1-auth@file"] } })],
    ["repeated_middleware", file({ router: { middlewares: ["app_1-auth", "app_1-auth"] } })],
    ["priority", file({ router: { priority: 5 } })],
    ["priority", file({ router: { priority: "9223372036854775000" } })],
    ["no_users", file({ auth: { users: [] } })],
    ["bad_user_line", file({ auth: { users: ["ada"] } })],
    ["bad_user_line", file({ auth: { users: [`a:da:${hash}`] } })],
    ["bad_user_line", file({ auth: { users: [`ada║bob:${hash}`] } })],
    ["bad_user_line", file({ auth: { users: [`:${hash}`] } })],
    ["bad_hash", file({ auth: { users: ["ada:secret"] } })],
    ["mixed_hashes", file({ auth: { users: [`ada:${hash}`, `bob:${bcrypt}`] } })],
    ["duplicate_user", file({ auth: { users: [`ada:${hash}`, `ada:${hash}`] } })],
    ["password_passed_on", file({ auth: { removeHeader: false } })],
    ["not_one_kind", file(guarded({}))],
    ["not_a_refusal", file(guarded({ ipAllowList: { sourceRange: ["10.0.0.0/8"], rejectStatusCode: 200 } }))],
    ["not_a_refusal", file(guarded({ ipAllowList: { sourceRange: ["10.0.0.0/8"], rejectStatusCode: 302 } }))],
    [
      "not_one_kind",
      file(guarded({ basicAuth: { users: [`ada:${hash}`], removeHeader: true }, addPrefix: { prefix: "/" } })),
    ],
    ["empty_address_list", file(guarded({ ipAllowList: { sourceRange: [], rejectStatusCode: 403 } }))],
    ["bad_address", file(guarded({ ipAllowList: { sourceRange: ["10.0.0.0/33"] } }))],
    ["empty_chain", file(guarded({ chain: { middlewares: [] } }))],
    ["unknown_middleware", file(guarded({ chain: { middlewares: ["app_2-auth"] } }))],
    ["no_limit", file(guarded({ rateLimit: { burst: 5 } }))],
    ["no_limit", file(guarded({ inFlightReq: { amount: 0 } }))],
    ["bad_address", file(guarded({ forwardAuth: { trustForwardHeader: true } }))],
    ["no_servers", file({ services: { rte_1: { loadBalancer: { servers: [] } } } })],
    ["bad_upstream", file({ services: { rte_1: { loadBalancer: { servers: [{ url: "127.0.0.1" }] } } } })],
    [
      "unknown_transport",
      file({ services: { rte_1: { loadBalancer: { servers: [{ url: "https://a" }], serversTransport: "x" } } } }),
    ],
    ["not_ours", file({ more: { tcp: { routers: { r: { rule: "HostSNI(`*`)", service: "s" } } } } })],
    ["template", file({ auth: { realm: "{{ env }}" } })],
    ["refused_empty_element", file({ middlewares: {} })],
    ["refused_unknown_field", file({ router: { rules: "x" } })],
    ["unknown_yaml_tag", { ...file(), text: "http: !x {}\n" }],
  ])("unbuildable finds %s in a file with this fault", (problem, faulty) => {
    expect(problems(unbuildable(faulty, [shared]))).toContain(problem);
  });

  it("unbuildable finds a missing part of another file", () => {
    expect(unbuildable(file())).toEqual([{ subject: "rte_1", problem: "unknown_middleware" }]);
  });

  it("in golden files, unbuildable finds only the intentionally public routers without tags", () => {
    const found = goldenCases()
      .filter(({ input }) => input.kind !== "static")
      .flatMap((golden) => {
        const { file: compiled } = compileGolden(golden);
        return compiled ? problems(unbuildable(compiled, [shared])).map((problem) => `${golden.name}: ${problem}`) : [];
      });
    expect(found).toEqual(["without-tags-a-public-router-has-no-middleware: no_middlewares"]);
  });

  it("unbuildable finds nothing in the compiled files of any state", () => {
    fc.assert(
      fc.property(anyState, anyDeny, (state, deny) => {
        for (const compiled of [compileApplication(state, gateway, null).file, compileDeny(deny, gateway).file]) {
          if (compiled) expect(unbuildable(compiled, [shared])).toEqual([]);
        }
      }),
      { numRuns: 300 },
    );
  });
});
