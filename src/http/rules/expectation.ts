import type { Rule } from "../environment";
import { Unreadable } from "../readable-request";

/** A request expects nothing but `100-continue`. */
export const expectation: Rule = (context, next) => {
  if (context.env.exchange?.hasUnknownExpectation) throw new Unreadable("expectation_failed");
  return next();
};
