import { describe, expect, test } from "vitest";
import { createApp } from "#src/http/app";
import { mountsOf } from "#src/http/mounts";
import { pathsOf } from "#src/operations/operation";
import { operationsOf } from "#src/operations/operations-of";
import { plantedTree } from "../support/planted-operation";

const mounts = mountsOf(plantedTree);
const app = createApp(mounts);

/** The paths of the mounts whose routes match a request. Rules, unknown paths and pages belong to the root. */
function mountsAt(method: string, path: string): string[] {
  const found = app.router.match(method, path)[0].map(([[, { basePath }]]) => basePath);
  return [...new Set(found)].filter((basePath) => basePath !== "/");
}

const operations = operationsOf(plantedTree);

describe("a path of the application has exactly one owner", () => {
  test.each(operations.map(({ path, operation }) => [path, operation.rest] as const))(
    "%s over tRPC and REST",
    (path, rest) => {
      expect(mountsAt("POST", `/api/trpc/${path}`)).toEqual(["/api/trpc"]);
      for (const one of pathsOf(rest)) {
        expect(mountsAt(rest.method, `/api/v1${one.replaceAll(/\{\w+\}/g, "x")}`)).toEqual(["/api/v1"]);
      }
    },
  );

  test.each([
    ["/healthz", ["/healthz"]],
    ["/readyz", ["/readyz"]],
    ["/api/auth/callback/password", ["/api/auth"]],
    ["/api/audit/export", ["/api/audit/export"]],
    ["/api/openapi.json", ["/api/openapi.json"]],
    ["/api/trpc/unknown.one", ["/api/trpc"]],
    ["/api/unknown", []],
    ["/healthz/below", []],
    ["/sign-in", []],
    ["/", []],
  ])("%s", (path, expected) => {
    for (const method of ["GET", "POST", "OPTIONS"]) expect(mountsAt(method, path)).toEqual(expected);
  });

  test("every mount has routes, and a path of its own", () => {
    const withRoutes = new Set(app.routes.map(({ basePath }) => basePath));
    expect(mounts.map(({ path }) => path).filter((path) => !withRoutes.has(path))).toEqual([]);
    expect(new Set(mounts.map(({ path }) => path)).size).toBe(mounts.length);
  });

  test("no two operations have the same method and path", () => {
    const endpoints = operations.flatMap(({ operation: { rest } }) =>
      pathsOf(rest).map((path) => `${rest.method} ${path.replaceAll(/\{\w+\}/g, "{}")}`),
    );
    expect(new Set(endpoints).size).toBe(endpoints.length);
  });
});

test("a planted operation is a route of tRPC and of REST", () => {
  const paths = app.routes.map(({ method, path }) => `${method} ${path}`);
  expect(paths).toContain("ALL /api/trpc/bookmarks.create");
  expect(paths).toContain("POST /api/v1/applications/:applicationId/bookmarks");
});
