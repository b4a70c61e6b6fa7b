import { describe, expect, test } from "vitest";
import { apiPage } from "#src/http/rest/api-page";
import { openApiOf } from "#src/http/rest/open-api";
import { restOf } from "#src/http/rest/rest";
import { routerOf } from "#src/http/trpc/router";
import { operationsOf } from "#src/operations/operations-of";
import { renderPermissionsPage } from "#src/operations/permissions-page";
import { isMissingRow } from "../http/matrix/missing-rows";
import { handlerOfMounts } from "../support/planted-api";
import { plantedTree as tree } from "../support/planted-operation";

describe("an operation that is only declared", () => {
  test("an operation that is only declared appears as a procedure of the tRPC router, with its types", () => {
    const router = routerOf(tree);
    expect(Object.keys(router._def.procedures)).toContain("bookmarks.create");
    expect(Reflect.get(router._def.procedures, "bookmarks.create")._def.type).toBe("mutation");
  });

  test("an operation that is only declared appears as an endpoint of the REST API, which reads its input from the path and the body", async () => {
    const request = new Request("http://portcullis.invalid/api/v1/applications/app_1/bookmarks", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ title: "Start page" }),
    });
    const rest = restOf(tree, {
      rules: () => [],
      run: async (_context, called, read) => {
        expect(called.name).toBe("bookmarks.create");
        expect(await read(request)).toEqual({ applicationId: "app_1", title: "Start page" });
        return { bookmarkId: "bmk_1", title: "Start page" };
      },
    });
    const handler = handlerOfMounts([{ path: "/api/v1", app: rest }]);
    const response = await handler(request, { ip: null });
    expect([response.status, await response.json()]).toEqual([201, { bookmarkId: "bmk_1", title: "Start page" }]);
  });

  test("an operation that is only declared appears in the OpenAPI description, with its permission, input and refusals", () => {
    const { paths } = JSON.parse(JSON.stringify(openApiOf(tree, "0.0.0"))) as { paths: Record<string, unknown> };
    const described = JSON.stringify(paths["/api/v1/applications/{applicationId}/bookmarks"]);
    for (const word of ["bookmarks.create", "application:update", "not_empty", "201"])
      expect(described).toContain(word);
  });

  test("an operation that is only declared appears in the API reference and on the permission page", () => {
    expect(apiPage(tree)).toContain("### bookmarks.create");
    const line = renderPermissionsPage(tree)
      .split("\n")
      .find((one) => one.startsWith("| `application:update` |"));
    expect(line).toContain("`bookmarks.create`");
  });

  test("an operation that is only declared appears as a missing row of the matrix of who may do what", () => {
    const names = operationsOf(tree).map(({ operation: { name } }) => name);
    expect(names.filter(isMissingRow)).toEqual(["bookmarks.create"]);
  });
});
