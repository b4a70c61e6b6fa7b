import { newId } from "#src/platform/ids";
import type { Rule } from "../environment";

/** Every request has an id, which the response, the log and the audit log name. */
export const requestId: Rule = async (context, next) => {
  const id = newId("request");
  context.set("requestId", id);
  await next();
  context.res.headers.set("x-request-id", id);
};
