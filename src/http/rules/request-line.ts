import type { IncomingMessage } from "node:http";
import type { RouterRoute } from "hono/types";
import type { Rule } from "../environment";
import { MethodNotAllowed, Unreadable } from "../readable-request";
import { allowedMethods } from "../routes-of-path";

/** The target is in its only spelling (`platform/net/request-target.ts`). */
export const requestTarget: Rule = (context, next) => {
  const target = context.env.exchange?.target;
  if (target?.ok === false) {
    throw target.status === 414
      ? new Unreadable("target_too_long")
      : new Unreadable("malformed_request", { problem: target.problem });
  }
  return next();
};

/** RFC 9112, 3.2: a request of HTTP/1.1 names its host once. */
export const oneHost: Rule = (context, next) => {
  const { exchange } = context.env;
  if (exchange !== null && !hasOneHost(exchange.incoming)) {
    throw new Unreadable("malformed_request", { problem: "it has to name its host once" });
  }
  return next();
};

function hasOneHost({ headersDistinct, httpVersion }: IncomingMessage): boolean {
  const hosts = headersDistinct.host?.length ?? 0;
  return hosts === 1 || (hosts === 0 && httpVersion === "1.0");
}

/**
 * No path supports TRACE: its response would repeat the cookies of the request.
 * @param routes all routes of the application; routes that are added later count too
 */
export function noTrace(routes: readonly RouterRoute[]): Rule {
  return (context, next) => {
    if (context.req.method !== "TRACE") return next();
    const allowed = allowedMethods(routes, context.req.path);
    throw new MethodNotAllowed(allowed.length > 0 ? allowed : ["GET", "POST"]);
  };
}
