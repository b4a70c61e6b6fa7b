import type { Rule } from "../environment";

/**
 * A request takes a slot among the active requests until it is answered.
 * @param waits the request waits for an event before it is answered: it has separate limits, and takes no slot
 */
export function activeRequest(waits = false): Rule {
  return async (context, next) => {
    const { requests } = context.get("parts");
    const { address, credential } = context.get("countedAs");
    const slot = await requests[waits ? "enterToWait" : "enter"](address, credential);
    context.set("slot", slot);
    try {
      await next();
    } finally {
      slot.release();
    }
  };
}
