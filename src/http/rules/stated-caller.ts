import { callerOf, unknownAddress } from "../caller";
import type { Rule } from "../environment";

/**
 * Reads what a request states about its caller: its address, the address of the control plane that it was sent to, and
 * its key or session. A credential that was refused loses its cached organization, because it may have changed.
 */
export const statedCaller: Rule = async (context, next) => {
  const { runtime, requests } = context.get("parts");
  const caller = await callerOf(runtime, context.req.raw, context.env.peer, context.get("requestId"));
  const { ip, credential } = caller;
  context.set("caller", caller);
  context.set("countedAs", { address: ip ?? unknownAddress, credential });
  await next();
  if (context.res.status === 401 && credential !== null) requests.forget(credential);
};
