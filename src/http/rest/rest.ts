import { Hono } from "hono";
import { type AnyOperation, pathsOf } from "#src/operations/operation";
import { type OperationTree, operationsOf } from "#src/operations/operations-of";
import { Refusal } from "#src/platform/errors/refusal";
import { callOf } from "../caller";
import type { Environment, RequestContext, Rule } from "../environment";
import { bodyMethods, Unreadable } from "../readable-request";
import { callRules } from "../rules/call-rules";
import { entityTag, isKnown } from "./entity-tag";
import { harmlessName, inputOfQuery } from "./input-of-query";
import { restBase } from "./rest-base";

/** How a request runs an operation. */
export interface Calling {
  /** The rules of a call. */
  rules(operation: AnyOperation): readonly Rule[];
  /** Runs the operation. @param read reads the input from the path and the query or body */
  run(context: RequestContext, operation: AnyOperation, read: (request: Request) => Promise<unknown>): Promise<unknown>;
}

const calling: Calling = {
  rules: callRules,
  run: (context, operation, read) => {
    const call = callOf(
      context.get("caller"),
      context.get("slot"),
      context.get("responseHeaders"),
      context.req.raw.signal,
    );
    const ifMatch = context.req.header("if-match") ?? null;
    return operation.run({ ...call, ifMatch }, () => read(context.get("readable")));
  },
};

/** Creates the REST API of a list of operations: `GET /applications/{applicationId}`. */
export function restOf(tree: OperationTree, { rules, run }: Calling = calling): Hono<Environment> {
  const operations = operationsOf(tree).map(({ operation }) => operation);
  const rest = new Hono<Environment>();
  for (const operation of operations) {
    const { method } = operation.rest;
    const paths = pathsOf(operation.rest).map((path) => path.replaceAll(/\{(\w+)\}/g, ":$1"));
    rest.on(method, paths, ...rules(operation), async (context) => {
      const named = context.req.param();
      const output = await run(context, operation, (request) => readInput(operation, request, named));
      return responseOf(operation, output, operations, context.req.raw.headers);
    });
  }
  return rest;
}

/**
 * Combines the path parameters with the body or, for a method without a body, with the query. A method with a body
 * refuses a query, because fields of a body, for example a password, must not appear in an address.
 * @throws Unreadable 400 the body is not a JSON object | 415 | Refusal a field is in the wrong place or in two places
 */
async function readInput(
  operation: AnyOperation,
  request: Request,
  named: Readonly<Record<string, string>>,
): Promise<unknown> {
  const { searchParams } = new URL(request.url);
  const hasBody = bodyMethods.has(request.method);
  if (hasBody && searchParams.size > 0) throw misplaced([...searchParams.keys()], "not_in_query");
  const given = hasBody ? await readBody(request) : inputOfQuery(operation.input, searchParams);
  const twice = Object.keys(named).filter((field) => Object.hasOwn(given, field));
  if (twice.length > 0) throw misplaced(twice, "named_by_path");
  return { ...given, ...named };
}

function misplaced(names: readonly string[], word: string): Refusal {
  const fields = Object.fromEntries(names.map((name) => [harmlessName(name), word]));
  return new Refusal("invalid_input", { fields });
}

async function readBody(request: Request): Promise<Record<string, unknown>> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    throw new Unreadable("unsupported_media_type");
  }
  const body = parsed(await request.text());
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new Unreadable("malformed_body");
  }
  return body as Record<string, unknown>;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function responseOf(
  operation: AnyOperation,
  output: unknown,
  operations: readonly AnyOperation[],
  headers: Headers,
): Response {
  const status = operation.rest.status ?? 200;
  if (status === 204) return new Response(null, { status });
  const location = status === 201 ? locationOf(operation, output, operations) : null;
  const text = JSON.stringify(output);
  const etag = entityTag(operation, output, text);
  const own = { ...(location === null ? {} : { location }), ...(etag === null ? {} : { etag }) };
  if (etag !== null && operation.type === "query" && isKnown(etag, headers)) {
    return new Response(null, { status: 304, headers: own });
  }
  return new Response(text, { status, headers: { "content-type": "application/json", ...own } });
}

/** Returns the address of a created object: the operation `one` of the same aggregate. */
function locationOf({ name }: AnyOperation, output: unknown, operations: readonly AnyOperation[]): string | null {
  const one = operations.find((other) => other.name === `${name.slice(0, name.lastIndexOf("."))}.one`);
  if (one === undefined || typeof output !== "object" || output === null) return null;
  return `${restBase}${one.rest.path.replaceAll(/\{(\w+)\}/g, (_, field: string) => String(Reflect.get(output, field)))}`;
}
