import type { RouterRoute } from "hono/types";

/** Returns the methods of a path, for the header `Allow`; none if only routes of all methods answer it. */
export function allowedMethods(routes: readonly RouterRoute[], path: string): string[] {
  const ofOneMethod = routes.filter(({ method }) => method !== "ALL");
  return [...new Set(routesOfPath(ofOneMethod, path).map(({ method }) => method))].sort();
}

/**
 * Returns the routes of a path, of any method: `/invitations/accept` has those of its own template, not those of
 * `/invitations/:invitationId`. Routes with a wildcard are not among them.
 */
export function routesOfPath(routes: readonly RouterRoute[], path: string): RouterRoute[] {
  const exact = routes.filter((route) => route.path === path);
  return exact.length > 0 ? exact : routes.filter((route) => isPathOf(route.path, path));
}

/** Returns whether a path matches a template: `/api/v1/applications/:applicationId`. */
function isPathOf(template: string, path: string): boolean {
  if (template.includes("*") || template.includes("{")) return false;
  const [wanted, segments] = [template.split("/"), path.split("/")];
  return (
    wanted.length === segments.length &&
    wanted.every((one, at) => (one.startsWith(":") ? segments[at] !== "" : one === segments[at]))
  );
}
