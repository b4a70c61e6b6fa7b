import { Hono } from "hono";
import { type AnyOperation, pathsOf } from "../../operations/operation";
import { type OperationTree, operationsOf } from "../../operations/operations-of";
import { Refusal } from "../../platform/errors/refusal";
import { bodyMethods, MethodNotAllowed, Unreadable } from "../readable-request";
import { harmlessName, inputOfQuery } from "./input-of-query";
import { restBase } from "./rest-base";

/** Calls one operation for a request; the transport supplies the caller. */
export type CallOperation = (
  operation: AnyOperation,
  read: (request: Request) => Promise<unknown>,
  respond: (output: unknown) => Response,
) => Promise<Response>;

interface Environment {
  readonly Bindings: { readonly call: CallOperation };
}

/** Handles a request below `restBase`. `call` runs the operation that the path and the method name. */
export type RestHandler = (request: Request, call: CallOperation) => Promise<Response>;

/**
 * Creates the REST API of a list of operations: `GET /api/v1/applications/{applicationId}`.
 * @throws Unreadable 404 no such path | 405 with the methods that the path supports
 */
export function restOf(tree: OperationTree): RestHandler {
  const operations = operationsOf(tree).map(({ operation }) => operation);
  const app = new Hono<Environment>({ strict: true });
  for (const operation of operations) {
    for (const path of pathsOf(operation.rest)) {
      app.on(operation.rest.method, `${restBase}${path.replaceAll(/\{(\w+)\}/g, ":$1")}`, ({ env, req }) => {
        const named = req.param();
        return env.call(
          operation,
          (request) => readInput(operation, request, named),
          (output) => responseOf(operation, output, operations),
        );
      });
    }
  }
  app.notFound(({ req }) => {
    const allowed = methodsOf(operations, req.path);
    if (allowed.length > 0) throw new MethodNotAllowed(allowed);
    throw new Unreadable("unknown_path", { method: req.method, path: req.path });
  });
  app.onError((error) => {
    throw error;
  });
  return async (request, call) => app.fetch(request, { call });
}

/** The methods of a path: `/invitations/accept` has those of its own template, not those of `/invitations/{invitationId}`. */
export function methodsOf(operations: readonly AnyOperation[], path: string): string[] {
  const having = (fits: (form: string) => boolean) =>
    operations.filter(({ rest }) => pathsOf(rest).some((form) => fits(`${restBase}${form}`)));
  const exact = having((form) => form === path);
  const found = exact.length > 0 ? exact : having((form) => isPathOf(form, path));
  return [...new Set(found.map(({ rest }) => rest.method))].sort();
}

/** Returns whether a path matches a template: `/api/v1/applications/{applicationId}`. */
export function isPathOf(form: string, path: string): boolean {
  const [wanted, segments] = [form.split("/"), path.split("/")];
  return (
    wanted.length === segments.length &&
    wanted.every((one, at) => (one.startsWith("{") ? segments[at] !== "" : one === segments[at]))
  );
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

function responseOf(operation: AnyOperation, output: unknown, operations: readonly AnyOperation[]): Response {
  const status = operation.rest.status ?? 200;
  if (status === 204) return new Response(null, { status });
  const location = status === 201 ? locationOf(operation, output, operations) : null;
  return Response.json(output, { status, ...(location === null ? {} : { headers: { location } }) });
}

/** Returns the address of a created object: the operation `one` of the same aggregate. */
function locationOf({ name }: AnyOperation, output: unknown, operations: readonly AnyOperation[]): string | null {
  const one = operations.find((other) => other.name === `${name.slice(0, name.lastIndexOf("."))}.one`);
  if (one === undefined || typeof output !== "object" || output === null) return null;
  return `${restBase}${one.rest.path.replaceAll(/\{(\w+)\}/g, (_, field: string) => String(Reflect.get(output, field)))}`;
}
