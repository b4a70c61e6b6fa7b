import type { Cookies } from "cookie";
import type { SignInContext } from "#src/identity/sign-in-context";

/** The base path of sign-in and sign-out: `/api/auth/…`. */
export const signInEndpoint = "/api/auth";

/** A parsed request to sign in or out. */
export interface SignInRequest {
  readonly attempt: SignInContext;
  readonly method: string;
  /** The path below the endpoint, without a leading or trailing slash. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, string>>;
  readonly cookies: Readonly<Cookies>;
  /** The `Origin` header. */
  readonly from: string | null;
}
