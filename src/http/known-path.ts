import { auditExportPath } from "./audit-export";
import { router } from "./trpc/router";

const known: ReadonlySet<string> = new Set([
  "/healthz",
  "/readyz",
  auditExportPath,
  ...Object.keys(router._def.procedures).map((name) => `/api/trpc/${name}`),
]);

/** A request's path as a log may hold it: one that leads nowhere can be anything, a pasted secret too. */
export function knownPath(path: string): string {
  return known.has(path) ? path : "unknown";
}
