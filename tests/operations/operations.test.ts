import { describe, expect, test } from "vitest";
import { isPermission } from "#src/access/permissions";
import { features } from "#src/features/all";
import { type AnyOperation, pathsOf } from "#src/operations/operation";
import { operationsOf } from "#src/operations/operations-of";

const operations = operationsOf(features);

/** Names of fields that may hold a secret. Such a field must not be in a URL, because logs and histories keep URLs. */
const secretName = /password|secret|token|code|response|hash/i;

/** The fields of an operation's input, also if the input is refined or prefaulted. */
function fieldsOf({ input }: AnyOperation): readonly string[] {
  const parsed = JSON.parse(JSON.stringify(input.toJSONSchema({ io: "input", unrepresentable: "any" }))) as {
    properties?: Record<string, unknown>;
  };
  return Object.keys(parsed.properties ?? {});
}

describe("the list of operations", () => {
  test("every operation has the name of its path", () => {
    expect(operations.length).toBeGreaterThan(90);
    for (const { path, operation } of operations) expect(operation.name).toBe(path);
  });

  test("every REST method and path belongs to one operation", () => {
    const routes = operations.flatMap(({ operation: { rest } }) =>
      pathsOf(rest).map((path) => `${rest.method} ${path.replaceAll(/\{\w+\}/g, "{}")}`),
    );
    expect(routes.filter((route, at) => routes.indexOf(route) !== at)).toEqual([]);
  });

  test("every operation has a summary of one line", () => {
    for (const { operation } of operations) expect(operation.summary).toMatch(/^[A-Z].{8,110}[^.]$/);
  });
});

describe.each(operations.map(({ operation }) => [operation.name, operation] as const))("%s", (_name, operation) => {
  test("every parameter of the REST path is a field of the input", () => {
    const named = pathsOf(operation.rest).flatMap((path) => [...path.matchAll(/\{(\w+)\}/g)].map(([, field]) => field));
    expect(fieldsOf(operation)).toEqual(expect.arrayContaining(named));
  });

  test("no field that may hold a secret is in the URL", () => {
    const { method } = operation.rest;
    const path = pathsOf(operation.rest).join("/");
    const inAddress =
      method === "GET" || method === "DELETE"
        ? fieldsOf(operation)
        : [...path.matchAll(/\{(\w+)\}/g)].map(([, field = ""]) => field);
    expect(inAddress.filter((field) => secretName.test(field))).toEqual([]);
  });

  test("the operation rejects a field that is not in the input", () => {
    const result = operation.input.safeParse({ planted: 1 });
    expect(result.error?.issues).toContainEqual(
      expect.objectContaining({ code: "unrecognized_keys", keys: ["planted"] }),
    );
  });

  test("the operation declares each reason once, and no reason that all operations have", async () => {
    const { commonReasons } = await import("#src/operations/require-declared");
    expect(new Set(operation.errors).size).toBe(operation.errors.length);
    expect(operation.errors.filter((reason) => commonReasons.has(reason))).toEqual([]);
  });

  test("the operation requires a permission unless it is one of the known public operations", () => {
    const { access } = operation;
    if (access.kind === "permission") expect(isPermission(access.permission)).toBe(true);
    else
      expect([
        "auth.link",
        "auth.requestPasswordReset",
        "auth.providers",
        "auth.passkeys.challenge",
        "invitations.look",
      ]).toContain(operation.name);
  });
});
