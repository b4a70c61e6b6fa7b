import type { Rule } from "../environment";

/** Every response has the security headers, also pages, which Node's response carries (`server/security-headers.ts`). */
export const securityHeaders: Rule = (context, next) => {
  const { exchange } = context.env;
  if (exchange !== null) {
    for (const [name, value] of exchange.securityHeaders) exchange.outgoing.setHeader(name, value);
  }
  return next();
};
