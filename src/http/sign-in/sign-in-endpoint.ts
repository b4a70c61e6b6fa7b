import { Hono } from "hono";
import type { Environment, RequestContext, Rule } from "../environment";
import { readForm, repeatedNames, Unreadable } from "../readable-request";
import { activeRequest } from "../rules/active-request";
import { knownOrigin } from "../rules/known-origin";
import { unknownPath } from "../unknown-path";
import { readCookies, sessionHashOf } from "./cookies";
import { answerSignIn } from "./sign-in-handler";
import { signInEndpoint } from "./sign-in-request";

/** The query names each parameter once, because parsers disagree about which value counts. */
const uniqueQuery: Rule = ({ req }, next) => {
  if (repeatedNames(new URL(req.url).searchParams).length > 0) {
    throw new Unreadable("malformed_request", { problem: "its query names a parameter twice" });
  }
  return next();
};

/** The body is a form or its JSON, of up to 16 KiB in strict UTF-8. */
const readableForm: Rule = async (context, next) => {
  const { method, raw } = context.req;
  context.set("signInFields", method === "POST" ? await readForm(raw) : {});
  await next();
};

/** Signs a person in or out, at and below `/api/auth/`. */
export const signIn = new Hono<Environment>()
  .all("/", unknownPath)
  .all("/*", knownOrigin, uniqueQuery, readableForm, activeRequest(), answer);

async function answer(context: RequestContext): Promise<Response> {
  const { runtime } = context.get("parts");
  const { headers, method, url } = context.req.raw;
  const { kind, origin } = context.get("arrival");
  const { pathname, searchParams } = new URL(url);
  const cookies = readCookies(headers.get("cookie"));
  const attempt = {
    runtime,
    requestId: context.get("requestId"),
    ip: context.get("ip"),
    peer: context.env.peer.ip,
    local: kind === "local",
    origin,
    userAgent: headers.get("user-agent"),
    sessionHash: await sessionHashOf(runtime, origin, cookies),
    headers,
    record: { isWritten: false },
  };
  return await answerSignIn({
    attempt,
    method,
    path: pathname.slice(signInEndpoint.length + 1),
    query: searchParams,
    body: context.get("signInFields"),
    cookies,
    from: headers.get("origin"),
  });
}
