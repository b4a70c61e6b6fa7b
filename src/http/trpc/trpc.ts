import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { Hono } from "hono";
import { type OperationTree, operationsOf } from "#src/operations/operations-of";
import { callOf } from "../caller";
import { describeError } from "../describe-error";
import type { Environment, RequestContext } from "../environment";
import { Unreadable } from "../readable-request";
import { callRules } from "../rules/call-rules";
import { supportedMethods } from "../rules/supported-methods";
import { unknownPath } from "../unknown-path";
import { routerOf } from "./router";

/** Where the tRPC API is. */
export const trpcBase = "/api/trpc";

const methods = supportedMethods("GET", "POST");

/** Creates the tRPC API of a list of operations: `POST /security.create`. */
export function trpcOf(tree: OperationTree): Hono<Environment> {
  const call = callProcedure(routerOf(tree));
  const trpc = new Hono<Environment>();
  for (const { path, operation } of operationsOf(tree)) trpc.all(`/${path}`, methods, ...callRules(operation), call);
  trpc.all("/", unknownPath);
  trpc.all("/*", methods, ...callRules(null), call); // tRPC refuses it in its own form
  return trpc;
}

function callProcedure(router: ReturnType<typeof routerOf>): (context: RequestContext) => Promise<Response> {
  return async (context) => {
    const { runtime } = context.get("parts");
    const answered = await fetchRequestHandler({
      endpoint: trpcBase,
      router,
      req: context.get("readable"),
      allowBatching: false,
      allowMethodOverride: true,
      createContext: ({ resHeaders }) => callOf(context.get("caller"), context.get("slot"), resHeaders),
      onError: ({ error, path }) => {
        if (error.code !== "INTERNAL_SERVER_ERROR") return;
        runtime.log.error(
          { requestId: context.get("requestId"), procedure: path, error: describeError(error.cause ?? error) },
          "a procedure failed",
        );
      },
    });
    if (answered.headers.get("content-type")?.startsWith("application/json")) return answered;
    // tRPC refused it before it had a context (a batch, a stream, an unknown content type), so there is no id or own type.
    throw answered.status === 415
      ? new Unreadable("unsupported_media_type")
      : new Unreadable("malformed_request", { problem: "a request holds one call" });
  };
}
