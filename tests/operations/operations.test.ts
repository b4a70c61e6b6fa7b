import { describe, expect, test } from "vitest";
import { isPermission } from "../../src/access/permissions";
import { features } from "../../src/features/all";
import type { AnyOperation } from "../../src/operations/operation";
import { operationsOf } from "../../src/operations/operations-of";

const operations = operationsOf(features);

/** Names that a secret can have: such a field stands in no address, where logs and histories keep it. */
const secretName = /password|secret|token|code|response|hash/i;

/** The fields of an operation's input, whatever is refined or prefaulted about it. */
function fieldsOf({ input }: AnyOperation): readonly string[] {
  const parsed = JSON.parse(JSON.stringify(input.toJSONSchema({ io: "input", unrepresentable: "any" }))) as {
    properties?: Record<string, unknown>;
  };
  return Object.keys(parsed.properties ?? {});
}

describe("the list of operations", () => {
  test("has every operation under its own name", () => {
    expect(operations.length).toBeGreaterThan(90);
    for (const { path, operation } of operations) expect(operation.name).toBe(path);
  });

  test("has one operation for each method and path of REST", () => {
    const routes = operations.map(
      ({ operation: { rest } }) => `${rest.method} ${rest.path.replaceAll(/\{\w+\}/g, "{}")}`,
    );
    expect(routes.filter((route, at) => routes.indexOf(route) !== at)).toEqual([]);
  });

  test("summarizes each operation in one line", () => {
    for (const { operation } of operations) expect(operation.summary).toMatch(/^[A-Z].{8,110}[^.]$/);
  });
});

describe.each(operations.map(({ operation }) => [operation.name, operation] as const))("%s", (_name, operation) => {
  test("names in its path fields of its input alone", () => {
    const named = [...operation.rest.path.matchAll(/\{(\w+)\}/g)].map(([, field]) => field);
    expect(fieldsOf(operation)).toEqual(expect.arrayContaining(named));
  });

  test("has no field that could hold a secret in an address", () => {
    const { method, path } = operation.rest;
    const inAddress =
      method === "GET" || method === "DELETE"
        ? fieldsOf(operation)
        : [...path.matchAll(/\{(\w+)\}/g)].map(([, field = ""]) => field);
    expect(inAddress.filter((field) => secretName.test(field))).toEqual([]);
  });

  test("refuses a field that its input does not have", () => {
    const result = operation.input.safeParse({ planted: 1 });
    expect(result.error?.issues).toContainEqual(
      expect.objectContaining({ code: "unrecognized_keys", keys: ["planted"] }),
    );
  });

  test("declares each reason once, and none that all operations have", async () => {
    const { commonReasons } = await import("../../src/operations/require-declared");
    expect(new Set(operation.errors).size).toBe(operation.errors.length);
    expect(operation.errors.filter((reason) => commonReasons.has(reason))).toEqual([]);
  });

  test("needs a permission, or says that it does not", () => {
    const { access } = operation;
    if (access.kind === "permission") expect(isPermission(access.permission)).toBe(true);
    else
      expect(["auth.link", "auth.providers", "auth.passkeys.challenge", "invitations.look"]).toContain(operation.name);
  });
});
