import { matchedRoutes } from "hono/route";
import type { RouterRoute } from "hono/types";
import type { RequestContext, Rule } from "../environment";
import { routesOfPath } from "../routes-of-path";

/**
 * The log gets one line for every response except pages, when it has been sent or its caller has disconnected.
 * @param routes all routes of the application; routes that are added later count too
 */
export function accessLog(routes: readonly RouterRoute[]): Rule {
  return (context, next) => {
    const { exchange } = context.env;
    if (exchange === null) return next();
    const { incoming, outgoing, gone, log } = exchange;
    const began = performance.now();
    const logAnswer = () => {
      outgoing.off("close", logAnswer);
      gone.removeEventListener("abort", logAnswer);
      if (context.get("isPage")) return;
      const ms = Math.round(performance.now() - began);
      const requestId = context.get("requestId");
      log[context.get("logLevel") ?? "info"](
        { requestId, method: incoming.method, path: loggedPath(context, routes), status: outgoing.statusCode, ms },
        "answered",
      );
    };
    outgoing.once("close", logAnswer);
    gone.addEventListener("abort", logAnswer, { once: true });
    return next();
  };
}

/**
 * Returns the path of a request in a form that is safe to log: without the query, which contains input, and `unknown`
 * for a path without a route of its own, because it can be a pasted secret. A path with parameters appears as its
 * template, `/api/v1/applications/{applicationId}`.
 */
function loggedPath(context: RequestContext, routes: readonly RouterRoute[]): string {
  if (context.env.exchange?.target.ok === false) return "unknown";
  const matched = matchedRoutes(context).find(({ path }) => !/[*{]/.test(path));
  const own = matched ?? routesOfPath(routes, context.req.path)[0]; // that of another method
  return own?.path.replaceAll(/:(\w+)/g, "{$1}") ?? "unknown";
}
