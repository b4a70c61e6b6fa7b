import { Refusal } from "#src/platform/errors/refusal";
import { clientAddress } from "#src/platform/net/client-address";
import { arrivalOf, unknownAddress, wrongHostOf } from "../caller";
import type { Rule } from "../environment";

/** The request was sent to an address of this control plane. Its caller is unknown, and counts by address. */
export const knownOrigin: Rule = (context, next) => {
  const { runtime } = context.get("parts");
  const { peer } = context.env;
  const { headers } = context.req.raw;
  const arrival = arrivalOf(runtime, headers, peer);
  if (arrival.kind === "unknown") throw new Refusal("unknown_origin", wrongHostOf(runtime, headers));
  const ip = clientAddress(peer.ip, headers.get("x-forwarded-for"), runtime.signIn.trustedProxies);
  context.set("arrival", arrival);
  context.set("ip", ip);
  context.set("countedAs", { address: ip ?? unknownAddress, credential: null });
  return next();
};
