import { callerOf, unknownAddress } from "../caller";
import type { Rule } from "../environment";

/**
 * Reads what a request states about its caller: its address, the address of the control plane that it was sent to, and
 * its key or session. A credential that was refused loses its cached organization, because it may have changed.
 */
export const statedCaller: Rule = statingCaller(() => []);

/**
 * The same for a download or a stream of events, to which a page cannot add headers. Its query may name the organization.
 */
export const statedCallerOfLink: Rule = statingCaller((url) => url.searchParams.getAll("organization"));

function statingCaller(namedInQuery: (url: URL) => readonly string[]): Rule {
  return async (context, next) => {
    const { runtime, requests } = context.get("parts");
    const { raw, url } = context.req;
    const named = namedInQuery(new URL(url));
    const caller = await callerOf(runtime, raw, context.env.peer, context.get("requestId"), named);
    const { ip, credential } = caller;
    context.set("caller", caller);
    context.set("countedAs", { address: ip ?? unknownAddress, credential });
    await next();
    if (context.res.status === 401 && credential !== null) requests.forget(credential);
  };
}
