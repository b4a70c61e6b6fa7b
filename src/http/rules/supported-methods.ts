import type { Rule } from "../environment";
import { MethodNotAllowed } from "../readable-request";

/** The path supports these methods only. */
export function supportedMethods(...methods: readonly string[]): Rule {
  return (context, next) => {
    // The method as it was sent: the router takes HEAD for GET.
    if (!methods.includes(context.req.method)) throw new MethodNotAllowed(methods);
    return next();
  };
}
