import type { Rule } from "../environment";

/** No response may be cached: many are for one person only, and some contain a secret that is shown once. */
export const noStore: Rule = async (context, next) => {
  await next();
  context.res.headers.set("cache-control", "no-store");
};
