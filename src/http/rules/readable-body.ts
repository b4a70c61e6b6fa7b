import { recognize } from "../caller";
import type { Rule } from "../environment";
import { readableRequest, Unreadable } from "../readable-request";

/**
 * Reads the body of a call: up to 16 KiB from an unknown caller and up to 1 MiB from a known one, in strict UTF-8.
 * @param procedure the name of the operation, under which a refused caller is recorded; null if there is no such
 *   operation, so that only a small body is read
 */
export function readableBody(procedure: string | null): Rule {
  return async (context, next) => {
    const { requests } = context.get("parts");
    const readable = await readableRequest(context.req.raw, () => {
      if (procedure === null) throw new Unreadable("unknown_procedure");
      return recognize(context.get("caller"), requests, procedure);
    });
    context.set("readable", readable);
    await next();
  };
}
