import type { Cookies } from "cookie";
import type { Attempt } from "../../identity/sign-in-context";

/** Where people sign in and out: `/api/auth/…`. */
export const signInEndpoint = "/api/auth";

/** A request to sign in or out, read. */
export interface SignInRequest {
  readonly attempt: Attempt;
  readonly method: string;
  /** Below the endpoint, without a slash at either end. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, string>>;
  readonly cookies: Readonly<Cookies>;
  /** The `Origin` header. */
  readonly from: string | null;
}
