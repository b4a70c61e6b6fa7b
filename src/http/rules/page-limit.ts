import { Refusal } from "#src/platform/errors/refusal";
import type { Rule } from "../environment";

/** A page takes a slot of its address until it is sent. */
export const pageLimit: Rule = (context, next) => {
  const { exchange } = context.env;
  if (exchange === null) return next();
  const { outgoing, gone, pages, address } = exchange;
  const slot = pages.take(address);
  if (typeof slot === "string") throw new Refusal("overloaded", { what: "pages that are being sent", bound: slot });
  outgoing.once("close", slot);
  gone.addEventListener("abort", slot, { once: true }); // a response in the queue emits no `close`
  return next();
};
