import type { Rule } from "../environment";

/** Headers that a call sets, such as the cookies of a session that continues, also reach a response that refuses. */
export const responseHeaders: Rule = async (context, next) => {
  const headers = new Headers();
  context.set("responseHeaders", headers);
  await next();
  for (const line of headers.getSetCookie()) context.res.headers.append("set-cookie", line);
  headers.forEach((value, name) => {
    if (name !== "set-cookie") context.res.headers.set(name, value);
  });
};
