import { Refusal } from "#src/platform/errors/refusal";
import type { Rule } from "../environment";

/** The process has started. */
export const started: Rule = (context, next) => {
  const { parts } = context.env;
  if (parts === null) throw new Refusal("starting");
  context.set("parts", parts);
  return next();
};
