import { features } from "../features/all";
import { pathsOf } from "../operations/operation";
import { operationsOf } from "../operations/operations-of";
import { auditExportPath } from "./audit-export";
import { openApiPath } from "./rest/open-api";
import { isPathOf, methodsOf } from "./rest/rest";
import { restBase } from "./rest/rest-base";

const operations = operationsOf(features).map(({ operation }) => operation);

const known: ReadonlySet<string> = new Set([
  "/healthz",
  "/readyz",
  auditExportPath,
  openApiPath,
  ...operations.map(({ name }) => `/api/trpc/${name}`),
]);

const restPaths = [...new Set(operations.flatMap(({ rest }) => pathsOf(rest).map((path) => `${restBase}${path}`)))];

/** The methods of a path, for the header `Allow`. */
export function methodsAt(path: string): readonly string[] {
  const methods = methodsOf(operations, path);
  return methods.length > 0 ? methods : ["GET", "POST"];
}

/**
 * Returns the path of a request in a form that is safe to log. An unknown path is hidden, because it can be a pasted
 * secret. A REST path appears as its template, `/api/v1/applications/{applicationId}`.
 */
export function knownPath(path: string): string {
  if (known.has(path)) return path;
  return restPaths.find((form) => isPathOf(form, path)) ?? "unknown";
}
