import type { RouterRoute } from "hono/types";
import type { RequestContext } from "./environment";
import { MethodNotAllowed, Unreadable } from "./readable-request";
import { allowedMethods } from "./routes-of-path";

/** Refuses a path that does not exist. @throws Unreadable 404 */
export function unknownPath({ req }: RequestContext): never {
  throw new Unreadable("unknown_path", { method: req.method, path: new URL(req.url).pathname });
}

/**
 * Refuses a request that no route of its path and method answers.
 * @param routes all routes of the application; routes that are added later count too
 * @throws Unreadable 404 no such path | 405 with the methods that the path supports
 */
export function unknownRoute(routes: readonly RouterRoute[]): (context: RequestContext) => never {
  return (context) => {
    const allowed = allowedMethods(routes, context.req.path);
    if (allowed.length > 0) throw new MethodNotAllowed(allowed);
    return unknownPath(context);
  };
}
