import { Refusal } from "#src/platform/errors/refusal";
import type { Rule } from "../environment";

/** The connection is within the limits of `server/connections.ts`. */
export const connectionLimit: Rule = (context, next) => {
  if (context.env.exchange?.isSurplus) throw new Refusal("overloaded", { what: "connections", bound: "total" });
  return next();
};
