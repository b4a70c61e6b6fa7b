import { Hono } from "hono";
import type { Environment, Rule } from "./environment";
import { leaveRest } from "./rules/drain";
import { pageLimit } from "./rules/page-limit";
import { unknownPath } from "./unknown-path";

/** A page takes no body, and is not logged. */
const pageRequest: Rule = (context, next) => {
  const { exchange } = context.env;
  if (exchange === null) return unknownPath(context);
  context.set("isPage", true);
  leaveRest(exchange);
  return next();
};

/** The pages and files of the console: every path that nothing else owns. */
export const pages = new Hono<Environment>().all("*", pageRequest, pageLimit, (context) => {
  const { exchange } = context.env;
  exchange?.outgoing.setHeader("x-request-id", context.get("requestId"));
  exchange?.handOver();
  return new Response(null);
});
