import { z } from "zod";
import { type AnyOperation, pathsOf } from "#src/operations/operation";
import { type OperationTree, operationsOf } from "#src/operations/operations-of";
import { commonReasons } from "#src/operations/require-declared";
import { type AnyDefinition, exampleOf, statuses } from "#src/platform/errors/reason";
import { type Reason, reasons } from "#src/platform/errors/reasons";
import { organizationHeader } from "../caller";
import { hasEntityTag } from "./entity-tag";
import { restBase } from "./rest-base";

type Json = { readonly [key: string]: unknown };

/** Builds the OpenAPI 3.1 document of a list of operations. */
export function openApiOf(tree: OperationTree, version: string): Json {
  const operations = operationsOf(tree).map(({ operation }) => operation);
  const paths: Record<string, Record<string, Json>> = {};
  for (const operation of operations) {
    const method = operation.rest.method.toLowerCase();
    for (const own of pathsOf(operation.rest)) {
      const path = `${restBase}${own}`;
      paths[path] = { ...paths[path], [method]: describe(operation, own) };
    }
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Portcullis",
      version,
      description:
        "Access control plane for Traefik. Send an API key in the header x-api-key. A session sends its cookie, and its CSRF token in the header x-csrf-token with every change.",
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
      parameters: { Organization: organizationParameter },
      schemas: { Error: errorSchema },
      responses: Object.fromEntries(
        [...byStatus(ofEveryOperation)].map(([status, those]) => [responseName(status), refusedWith(those)]),
      ),
    },
  };
}

const organizationParameter: Json = {
  name: organizationHeader,
  in: "header",
  required: false,
  description:
    "The organization that the request is about, by its id or its slug. Without it, a session is about the organization that auth.setActiveOrganization chose. An API key belongs to one organization. An organization of which the caller is not a member is refused with not_found, like one that does not exist.",
  schema: { type: "string" },
};

const errorSchema: Json = {
  type: "object",
  required: ["error"],
  properties: {
    error: {
      type: "object",
      required: ["code", "reason", "message", "requestId"],
      properties: {
        code: { type: "string" },
        reason: { type: "string", enum: Object.keys(reasons).sort(), description: "Stable and machine-readable." },
        message: { type: "string" },
        requestId: { type: "string" },
        details: {
          type: "object",
          description: "The values in the message, for reasons that state them.",
        },
        fields: {
          type: "object",
          description: "The fields of the input that are wrong, by path, with a stable word for each problem.",
          additionalProperties: { type: "string" },
        },
      },
    },
  },
};

/** Describes an operation at one of its paths. An identifier of OpenAPI is unique, so a further path has its own. */
function describe(operation: AnyOperation, path: string): Json {
  const { name, summary, rest, access, errors } = operation;
  const input = schemaOf(operation.input, "input");
  const { properties = {}, required = [] } = input as { properties?: Record<string, Json>; required?: string[] };
  const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, field = ""]) => field);
  const others = Object.keys(properties).filter((field) => !named.includes(field));
  const hasBody = rest.method === "POST" || rest.method === "PATCH" || rest.method === "PUT";
  const status = rest.status ?? 200;
  const isOpen = access.kind !== "permission";
  const isConditional = operation.type === "query" && hasEntityTag(operation);
  return {
    operationId: path === rest.path ? name : `${name}.also`,
    summary,
    tags: [name.replace(/\..*$/, "")],
    ...(access.kind === "permission" ? { "x-permission": access.permission } : {}),
    ...(isOpen ? { security: [] } : {}),
    parameters: [
      ...(operation.takesVersion ? [ifMatch] : []),
      ...(isConditional ? [ifNoneMatch] : []),
      ...(isOpen ? [] : [{ $ref: "#/components/parameters/Organization" }]),
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
        ...headersOf(operation),
      },
      ...(isConditional ? { 304: { description: "The caller already has this response." } } : {}),
      ...refusalsOf(errors),
    },
  };
}

const ifMatch: Json = {
  name: "If-Match",
  in: "header",
  required: false,
  description:
    'The "ETag" of an earlier response, or several of them. Nothing is written if the object has another version now. The same as "ifVersion" in the input; one of the two is enough.',
  schema: { type: "string" },
};

const ifNoneMatch: Json = {
  name: "If-None-Match",
  in: "header",
  required: false,
  description: 'The "ETag" of an earlier response. The response is 304 without a body if it would be the same.',
  schema: { type: "string" },
};

/** Describes the headers of a response. */
function headersOf(operation: AnyOperation): Json {
  const { Location, ETag } = {
    Location: { description: "The path of the created object.", schema: { type: "string" } },
    ETag: { description: "The version of the object, for If-Match.", schema: { type: "string" } },
  };
  const headers = {
    ...(operation.rest.status === 201 ? { Location } : {}),
    ...(hasEntityTag(operation) ? { ETag } : {}),
  };
  return Object.keys(headers).length === 0 ? {} : { headers };
}

/** The reasons with which the transport refuses a request before an operation is called. */
const ofTransport: readonly Reason[] = [
  "body_too_large",
  "body_too_slow",
  "internal",
  "malformed_body",
  "malformed_request",
  "starting",
  "target_too_long",
  "unsupported_media_type",
];

const ofEveryOperation: readonly Reason[] = [...commonReasons, ...ofTransport];

/** Groups reasons by status, in order. */
function byStatus(those: readonly Reason[]): Map<number, Reason[]> {
  const found = new Map<number, Reason[]>();
  for (const reason of [...new Set(those)].sort()) {
    const status = statuses[reasons[reason].kind];
    found.set(status, [...(found.get(status) ?? []), reason]);
  }
  return new Map([...found].sort(([one], [other]) => one - other));
}

const responseName = (status: number): string => `Refused${status}`;

/**
 * Describes the refusals of an operation by status. Refusals common to all operations are described once, under
 * `components`.
 */
function refusalsOf(own: readonly Reason[]): Record<string, Json> {
  const withOwn = new Set(byStatus(own).keys());
  const all = byStatus([...own, ...ofEveryOperation]);
  return Object.fromEntries(
    [...all].map(([status, those]) => [
      status,
      withOwn.has(status) ? refusedWith(those) : { $ref: `#/components/responses/${responseName(status)}` },
    ]),
  );
}

/** Describes a response with one of these reasons: the reasons as an enumeration, their meaning in the description. */
function refusedWith(those: readonly Reason[]): Json {
  const texts = those.map((reason) => {
    const definition: AnyDefinition = reasons[reason];
    return `- \`${reason}\`: ${definition.example === undefined ? "" : "for example: "}${exampleOf(definition)}`;
  });
  const narrowed = { properties: { error: { properties: { reason: { enum: those } } } } };
  return {
    description: `Refused for one of these reasons:\n\n${texts.join("\n")}`,
    content: {
      "application/json": { schema: { allOf: [{ $ref: "#/components/schemas/Error" }, narrowed] } },
    },
  };
}

function schemaOf(type: z.ZodType, io: "input" | "output"): Json {
  const { $schema: _, ...schema } = z.toJSONSchema(type, { io, reused: "inline" });
  return schema;
}

/** Removes `additionalProperties: false`: a later version may add fields to an output, and clients must accept them. */
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
