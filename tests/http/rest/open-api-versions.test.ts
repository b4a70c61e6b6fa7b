import { expect, test } from "vitest";
import { features } from "#src/features/all";
import { openApiOf } from "#src/http/rest/open-api";
import { operationsOf } from "#src/operations/operations-of";

interface Described {
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: { properties: object } }> };
  readonly responses: Record<string, { readonly description?: string; readonly headers?: Record<string, unknown> }>;
}

const { paths } = JSON.parse(JSON.stringify(openApiOf(features, "0.0.0"))) as {
  paths: Record<string, Record<string, Described>>;
};
const described = (method: string, path: string): Described => {
  const found = paths[`/api/v1${path}`]?.[method];
  if (found === undefined) throw new Error(`${method} ${path} is not described`);
  return found;
};
const headersOf = ({ parameters }: Described) =>
  parameters.filter((one) => one.in === "header").map(({ name }) => name);

test("OpenAPI describes If-Match, ETag and 412 of every operation that takes a version, and of no other one (G8)", () => {
  for (const { operation } of operationsOf(features)) {
    const { name, rest, takesVersion, errors } = operation;
    const one = described(rest.method.toLowerCase(), rest.path);
    expect([name, headersOf(one).includes("If-Match")]).toEqual([name, takesVersion]);
    expect([name, errors.includes("stale_version")]).toEqual([name, takesVersion]);
    if (takesVersion) expect(one.responses["412"]?.description).toContain("`stale_version`");
  }
});

test("OpenAPI describes a version in the body, the tag of a response and the answer to If-None-Match (G8)", () => {
  const update = described("patch", "/projects/{projectId}");
  expect(update.requestBody?.content["application/json"]?.schema.properties).toHaveProperty("ifVersion");
  expect(update.responses["200"]?.headers).toHaveProperty("ETag");
  const one = described("get", "/projects/{projectId}");
  expect([headersOf(one), Object.keys(one.responses)]).toEqual([["If-None-Match"], expect.arrayContaining(["304"])]);
  expect(one.responses["200"]?.headers).toHaveProperty("ETag");
  expect(described("post", "/projects").responses["201"]?.headers).toHaveProperty("ETag");
  expect(described("get", "/projects").responses["200"]?.headers).toBeUndefined();
});

test("OpenAPI describes 428 of the changes that need a confirmation (G8)", () => {
  for (const [method, path] of [
    ["patch", "/applications/{applicationId}"],
    ["post", "/applications/batch"],
    ["patch", "/organization"],
  ] as const) {
    expect(described(method, path).responses["428"]?.description).toContain("`confirmation_required`");
  }
});
