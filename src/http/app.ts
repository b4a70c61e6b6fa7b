import { Hono } from "hono";
import type { Environment, RefusalStyle, Rule } from "./environment";
import { healthz } from "./health";
import { pages } from "./pages";
import { refuse } from "./refusal";
import { accessLog } from "./rules/access-log";
import { connectionLimit } from "./rules/connection-limit";
import { drain } from "./rules/drain";
import { expectation } from "./rules/expectation";
import { noStore } from "./rules/no-store";
import { requestId } from "./rules/request-id";
import { noTrace, oneHost, requestTarget } from "./rules/request-line";
import { securityHeaders } from "./rules/security-headers";
import { started } from "./rules/started";
import { unknownRoute } from "./unknown-path";

/** The application of a server. */
export type App = Hono<Environment>;

/** A part of the application with everything at and below one path. */
export interface Mount extends RefusalStyle {
  readonly path: string;
  /** Its routes, relative to the path. */
  readonly app: App;
}

/**
 * Creates the application that answers every path of the server, and the rules that hold for all of them. A request
 * passes this list from top to bottom, and its response passes it from bottom to top.
 */
export function createApp(mounts: readonly Mount[]): App {
  const app: App = new Hono({ strict: true });
  app.onError(refuse);
  for (const { path, ...style } of mounts) app.use(`${path}/*`, refusalStyle(style));
  app.use(requestId, securityHeaders, accessLog(app.routes), drain, noStore, expectation);
  app.route("/healthz", healthz); // also while the process starts, and above every limit
  app.use(started, connectionLimit, requestTarget, oneHost, noTrace(app.routes));
  for (const { path, app: part } of mounts) app.route(path, part);
  app.on("ALL", ["/api/", "/api/:path{.+}"], unknownRoute(app.routes));
  app.route("/", pages);
  return app;
}

/** Every refusal at a path has the format of its mount, also one of a rule that holds for all paths. */
function refusalStyle(style: RefusalStyle): Rule {
  return (context, next) => {
    context.set("refusalStyle", style);
    return next();
  };
}
