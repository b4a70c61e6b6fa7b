import { features } from "../features/all";
import { operationsOf } from "../operations/operations-of";
import { auditExportPath } from "./audit-export";
import { openApiPath } from "./rest/open-api";
import { isPathOf, restBase } from "./rest/rest";

const operations = operationsOf(features).map(({ operation }) => operation);

const known: ReadonlySet<string> = new Set([
  "/healthz",
  "/readyz",
  auditExportPath,
  openApiPath,
  ...operations.map(({ name }) => `/api/trpc/${name}`),
]);

const restPaths = [...new Set(operations.map(({ rest }) => `${restBase}${rest.path}`))];

/**
 * A request's path as a log may hold it: one that leads nowhere can be anything, a pasted secret too. Of a path of REST
 * the log has its form, `/api/v1/applications/{applicationId}`.
 */
export function knownPath(path: string): string {
  if (known.has(path)) return path;
  return restPaths.find((form) => isPathOf(form, path)) ?? "unknown";
}
