import { z } from "zod";
import type { AnyOperation } from "../../operations/operation";
import { type OperationTree, operationsOf } from "../../operations/operations-of";
import { commonReasons } from "../../operations/require-declared";
import { restBase } from "./rest";

/** Where the description of the REST API is. */
export const openApiPath = "/api/openapi.json";

type Json = { readonly [key: string]: unknown };

/** The description of the REST API of a list of operations, in OpenAPI 3.1. */
export function openApiOf(tree: OperationTree, version: string): Json {
  const operations = operationsOf(tree).map(({ operation }) => operation);
  const paths: Record<string, Record<string, Json>> = {};
  for (const operation of operations) {
    const path = `${restBase}${operation.rest.path}`;
    paths[path] = { ...paths[path], [operation.rest.method.toLowerCase()]: describe(operation) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Portcullis",
      version,
      description: "Access control plane for Traefik. Send an API key in the header x-api-key.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    security: [{ apiKey: [] }, { session: [], csrf: [] }],
    paths,
    components: {
      securitySchemes: {
        apiKey: { type: "apiKey", in: "header", name: "x-api-key" },
        session: { type: "apiKey", in: "cookie", name: "__Host-portcullis.session" },
        csrf: { type: "apiKey", in: "header", name: "x-csrf-token" },
      },
      schemas: { Error: errorSchema },
    },
  };
}

const errorSchema: Json = {
  type: "object",
  required: ["error"],
  properties: {
    error: {
      type: "object",
      required: ["code", "reason", "message", "requestId"],
      properties: {
        code: { type: "string" },
        reason: { type: "string", description: "Stable and machine-readable." },
        message: { type: "string" },
        requestId: { type: "string" },
        fields: {
          type: "object",
          description: "Which inputs are concerned, by path, with a stable word each.",
          additionalProperties: { type: "string" },
        },
      },
    },
  },
};

function describe(operation: AnyOperation): Json {
  const { name, summary, rest, access, errors } = operation;
  const input = schemaOf(operation.input, "input");
  const { properties = {}, required = [] } = input as { properties?: Record<string, Json>; required?: string[] };
  const named = [...rest.path.matchAll(/\{(\w+)\}/g)].map(([, field = ""]) => field);
  const others = Object.keys(properties).filter((field) => !named.includes(field));
  const hasBody = rest.method === "POST" || rest.method === "PATCH" || rest.method === "PUT";
  const status = rest.status ?? 200;
  const isOpen = access.kind !== "permission";
  return {
    operationId: name,
    summary,
    tags: [name.slice(0, name.indexOf("."))],
    ...(access.kind === "permission" ? { "x-permission": access.permission } : {}),
    ...(isOpen ? { security: [] } : {}),
    parameters: [
      ...named.map((field) => ({ name: field, in: "path", required: true, schema: properties[field] ?? {} })),
      ...(hasBody
        ? []
        : others.map((field) => ({
            name: field,
            in: "query",
            required: required.includes(field),
            schema: properties[field] ?? {},
          }))),
    ],
    ...(hasBody && others.length > 0
      ? {
          requestBody: {
            required: required.some((field) => others.includes(field)),
            content: {
              "application/json": {
                schema: {
                  ...input,
                  properties: Object.fromEntries(others.map((field) => [field, properties[field]])),
                  required: required.filter((field) => others.includes(field)),
                },
              },
            },
          },
        }
      : {}),
    responses: {
      [status]: {
        description: summary,
        ...(status === 204
          ? {}
          : { content: { "application/json": { schema: withoutClosing(schemaOf(operation.output, "output")) } } }),
        ...(status === 201
          ? { headers: { Location: { description: "Where the object can be read.", schema: { type: "string" } } } }
          : {}),
      },
      default: {
        description: `Refused. Reasons: ${[...errors, ...commonReasons].join(", ")}.`,
        content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
      },
    },
  };
}

function schemaOf(type: z.ZodType, io: "input" | "output"): Json {
  const { $schema: _, ...schema } = z.toJSONSchema(type, { io, reused: "inline" });
  return schema;
}

/** A later version may add a field to an output: clients must not refuse it. */
function withoutClosing(value: unknown): Json {
  const open = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(open);
    if (typeof node !== "object" || node === null) return node;
    return Object.fromEntries(
      Object.entries(node)
        .filter(([key, inner]) => !(key === "additionalProperties" && inner === false))
        .map(([key, inner]) => [key, open(inner)]),
    );
  };
  return open(value) as Json;
}
