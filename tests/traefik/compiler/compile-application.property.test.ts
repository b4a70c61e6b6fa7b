import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileApplication } from "#src/traefik/compiler/compile-application";
import { compileDeny } from "#src/traefik/compiler/compile-deny";
import { compileShared } from "#src/traefik/compiler/compile-shared";
import type { CompiledFile } from "#src/traefik/compiler/state";
import { readTraefikFile } from "#src/traefik/foreign/read-traefik-file";
import { unbuildable } from "#src/traefik/schema/unbuildable";
import { anyDeny, anyGateway, anyHistory, anyState } from "./state-arbitrary";

interface ReadRouter {
  readonly rule: string;
  readonly priority: number;
  readonly service: string;
  readonly entryPoints: readonly string[];
  readonly middlewares?: readonly string[];
}

interface ReadHttp {
  readonly routers: Readonly<Record<string, ReadRouter>>;
  readonly services?: Readonly<Record<string, unknown>>;
  readonly middlewares?: Readonly<
    Record<string, { readonly basicAuth?: { readonly users: readonly string[]; readonly realm: string } }>
  >;
}

const RUNS = { numRuns: 400 };

const HOST = /(?:Host\(`[a-z0-9.-]+`\)|HostRegexp\(`\^\[\^\.\]\+(?:\\\.[a-z0-9-]+)+\\\.\?\$`\))/.source;
const PATH = /\(Path\(`(\/[^`"'\\{}%\s]+)`\) \|\| PathPrefix\(`\1\/`\)\)/.source;
const ROUTE_RULE = new RegExp(`^${HOST}(?: && ${PATH})?$`);
const DENY_RULE = new RegExp(`^${HOST}(?: \\|\\| ${HOST})*$`);

function httpOf(file: CompiledFile): ReadHttp {
  const document: { http: ReadHttp } = JSON.parse(file.text);
  return document.http;
}

function usersOf(file: CompiledFile | null): readonly string[] {
  if (file === null) return [];
  return Object.values(httpOf(file).middlewares ?? {}).flatMap(({ basicAuth }) => basicAuth?.users ?? []);
}

function shuffled<T>(items: readonly T[], turn: number): T[] {
  const at = items.length === 0 ? 0 : turn % items.length;
  return [...items.slice(at), ...items.slice(0, at)].reverse();
}

describe("any state, with any history", () => {
  test("the generated histories cover every form at least ten times, and quarantine is never public", () => {
    const seen: Record<string, number> = {};
    const key = new Uint8Array(32);
    for (const [before, now] of fc.sample(anyHistory, { numRuns: 2_000, seed: 1 })) {
      const gateway = { gatewayId: "gtw_one", entryPoint: "web", tagKey: key, tags: true };
      const { fingerprints } = compileApplication(before, gateway, null);
      const { file, form, intended } = compileApplication(now, gateway, fingerprints);
      const kind = file === null ? "no file" : `${form}, ${intended}`;
      seen[kind] = (seen[kind] ?? 0) + 1;
    }
    for (const kind of [
      "stated, public",
      "stated, protected",
      "stated, closed",
      "quarantined, protected",
      "closed, public",
      "closed, protected",
      "no file",
    ]) {
      expect(seen[kind] ?? 0, kind).toBeGreaterThanOrEqual(10);
    }
    expect(Object.keys(seen)).not.toContain("quarantined, public");
  });

  test("every compiled file is accepted by the strict reader of Traefik's schema, and Traefik can build all of it", () => {
    fc.assert(
      fc.property(anyHistory, anyGateway, ([before, now], gateway) => {
        const { fingerprints } = compileApplication(before, gateway, null);
        const { file, intended, form } = compileApplication(now, gateway, fingerprints);
        if (file === null) return;
        expect(file.name).toBe(`${now.applicationId}.yml`);
        expect(readTraefikFile(file.name, file.text).state).toBe("accepted");
        const openWithoutTags = intended === "public" && form === "stated" && !gateway.tags;
        const faults = unbuildable(file, [compileShared(gateway)]).map(({ problem }) => problem);
        expect(faults.filter((problem) => !openWithoutTags || problem !== "no_middlewares")).toEqual([]);
      }),
      RUNS,
    );
  });

  test("the compiled bytes do not depend on the order of the rows", () => {
    fc.assert(
      fc.property(anyHistory, anyGateway, fc.nat(), ([before, now], gateway, turn) => {
        const { fingerprints } = compileApplication(before, gateway, null);
        const turned = {
          ...now,
          credentials: shuffled(now.credentials, turn),
          routes: shuffled(now.routes, turn).map((route) => ({ ...route, upstreams: shuffled(route.upstreams, turn) })),
        };
        const other = {
          credentials: shuffled(fingerprints.credentials, turn),
          routes: shuffled(fingerprints.routes, turn),
        };
        const one = compileApplication(now, gateway, fingerprints);
        const same = compileApplication(turned, gateway, other);
        expect(same.file).toEqual(one.file);
        expect(same.tag).toBe(one.tag);
        expect(same.fingerprints).toEqual(one.fingerprints);
        expect(same.diagnostics).toEqual(one.diagnostics);
      }),
      RUNS,
    );
  });

  test("every router to an upstream has the lock, unless the application is stated and intended to be public", () => {
    fc.assert(
      fc.property(anyHistory, anyGateway, ([before, now], gateway) => {
        const { fingerprints } = compileApplication(before, gateway, null);
        const { file, intended, form, probes } = compileApplication(now, gateway, fingerprints);
        const open =
          file === null ? [] : Object.values(httpOf(file).routers).filter(({ service }) => service !== "noop@internal");
        const lock = `${now.applicationId}-auth`;
        const mayBePublic = intended === "public" && form === "stated";
        for (const { middlewares } of open) {
          if (mayBePublic) continue;
          expect(intended).toBe("protected");
          expect(middlewares).toContain(lock);
          expect(usersOf(file).length).toBeGreaterThan(0);
        }
        const enabled = new Set(now.routes.filter((route) => route.enabled).map(({ routeId }) => routeId));
        for (const { routeId, expect: wanted } of probes) {
          expect(wanted).toBe(mayBePublic && enabled.has(routeId) ? "passed" : "stopped");
        }
        expect(new Set(probes.map(({ routeId }) => routeId)).size).toBe(probes.length);
      }),
      RUNS,
    );
  });

  test("the pass header is set only after the lock, and never on a closed or deny router", () => {
    fc.assert(
      fc.property(anyState, anyGateway, (state, gateway) => {
        const { file, intended } = compileApplication(state, gateway, null);
        if (file === null) return;
        for (const [name, { service, middlewares = [] }] of Object.entries(httpOf(file).routers)) {
          const closed = service === "noop@internal";
          expect(name.endsWith("-deny") ? closed : true).toBe(true);
          const chain = closed
            ? [name.endsWith("-deny") ? "app_one-deny" : "app_one-tag", "app_one-closed"]
            : ["app_one-tag", ...(intended === "protected" ? ["app_one-auth"] : []), "portcullis-pass"];
          expect(middlewares).toEqual(
            gateway.tags ? chain : chain.filter((name) => name === "app_one-auth" || name === "app_one-closed"),
          );
        }
      }),
      RUNS,
    );
  });

  test("only currently valid credentials are admitted, and in quarantine only those that existed before", () => {
    fc.assert(
      fc.property(anyHistory, anyGateway, ([before, now], gateway) => {
        const first = compileApplication(before, gateway, null);
        const second = compileApplication(now, gateway, first.fingerprints);
        const current = now.credentials.filter(({ valid }) => valid).map(({ username, hash }) => `${username}:${hash}`);
        for (const user of usersOf(second.file)) expect(current).toContain(user);
        if (second.form === "stated") return;
        const past = before.credentials.filter(({ valid }) => valid).map(({ username, hash }) => `${username}:${hash}`);
        for (const user of usersOf(second.file)) expect(past).toContain(user);
        for (const kind of ["credentials", "routes"] as const) {
          for (const mark of second.fingerprints[kind]) expect(first.fingerprints[kind]).toContain(mark);
        }
      }),
      RUNS,
    );
  });

  test("no text of a user reaches a rule, a template or a list item", () => {
    fc.assert(
      fc.property(anyState, anyGateway, (state, gateway) => {
        const { file, diagnostics } = compileApplication(state, gateway, null);
        for (const { subject, problem } of diagnostics) {
          expect(subject).toMatch(/^(?:[a-z]+_[a-z0-9]+|application|credential|route)$/);
          expect(problem).toMatch(/^[a-z_]+$/);
        }
        if (file === null) return;
        expect(file.text).not.toContain("{{");
        expect(file.text).not.toMatch(/[^\n -~\u{10000}-\u{10ffff}]/u);
        const { routers, middlewares } = httpOf(file);
        for (const { rule, entryPoints, priority } of Object.values(routers)) {
          expect(rule).toMatch(ROUTE_RULE);
          expect(entryPoints).toEqual(["web"]);
          expect(priority).toBeGreaterThanOrEqual(2 ** 40);
        }
        for (const user of usersOf(file)) {
          expect(user.split(":")).toHaveLength(2);
          expect(user).not.toMatch(/[\p{Cc}\u2551]/u);
          expect(user.trim()).toBe(user);
        }
        expect(middlewares?.["app_one-auth"]?.basicAuth?.realm ?? "").not.toMatch(/[\p{Cc}\u2551"\\]/u);
        expect(
          Object.keys({ ...routers, ...middlewares }).every((name) => /^[a-z]+_[a-z0-9]+(?:-[a-z0-9]+)?$/.test(name)),
        ).toBe(true);
      }),
      RUNS,
    );
  });

  test("fingerprints depend on the key, and the tag depends on the key and the application", () => {
    fc.assert(
      fc.property(anyState, anyGateway, (state, gateway) => {
        const one = compileApplication(state, gateway, null);
        const elsewhere = compileApplication(
          state,
          { ...gateway, tagKey: gateway.tagKey.map((byte) => byte ^ 255) },
          null,
        );
        for (const kind of ["credentials", "routes"] as const) {
          for (const mark of one.fingerprints[kind]) {
            expect(mark).toMatch(/^[a-z2-7]{16}$/);
            expect(elsewhere.fingerprints[kind]).not.toContain(mark);
          }
        }
        if (one.tag === "") return;
        expect(one.tag).toMatch(/^[a-z2-7]{16}$/);
        expect(one.twinTag).not.toBe(one.tag);
        expect(elsewhere.tag).not.toBe(one.tag);
        expect(compileApplication({ ...state, applicationId: "app_two" }, gateway, null).tag).not.toBe(one.tag);
      }),
      RUNS,
    );
  });
});

describe("any claimed hosts", () => {
  test("every deny passes the strict reader, has host rules only, and does not depend on the order of hosts", () => {
    fc.assert(
      fc.property(anyDeny, anyGateway, fc.nat(), (state, gateway, turn) => {
        const { file, tag } = compileDeny(state, gateway);
        expect(compileDeny({ ...state, hosts: shuffled(state.hosts, turn) }, gateway)).toEqual({ file, tag });
        if (file === null) return;
        expect(readTraefikFile(file.name, file.text).state).toBe("accepted");
        expect(unbuildable(file)).toEqual([]);
        for (const { rule, service } of Object.values(httpOf(file).routers)) {
          expect(rule).toMatch(DENY_RULE);
          expect(service).toBe("noop@internal");
        }
      }),
      RUNS,
    );
  });
});
