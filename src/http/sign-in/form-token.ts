import { createHash } from "node:crypto";
import type { SignInContext } from "#src/identity/sign-in-context";
import { cookieNames } from "./cookies";
import type { SignInRequest } from "./sign-in-request";

/** Returns the secret with which next-auth creates form tokens and which encrypts the cookies of a sign-in. */
export function signInSecret({ runtime }: Pick<SignInContext, "runtime">): string {
  return runtime.signer.keys("sign-in")[0];
}

/**
 * Returns whether a form carries the token that next-auth stored in a cookie of the same browser: `token|hash`. The
 * hash is the SHA-256 of the token and the secret.
 */
export function hasFormToken({ attempt, body, cookies }: Pick<SignInRequest, "attempt" | "body" | "cookies">): boolean {
  const [token = "", hash] = (cookies[cookieNames(attempt.origin).signInCsrf] ?? "").split("|");
  const expected = createHash("sha256")
    .update(`${token}${signInSecret(attempt)}`)
    .digest("hex");
  return hash === expected && body.csrfToken === token;
}
