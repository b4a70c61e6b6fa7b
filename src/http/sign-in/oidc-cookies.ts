import { type Cookies, stringifySetCookie } from "cookie";
import { decode, encode } from "next-auth/jwt";
import type { SignInSecrets } from "../../identity/external/authorization-request";
import type { Provider } from "../../identity/external/provider";
import { stateSeconds } from "../../identity/external/states";
import type { Attempt } from "../../identity/sign-in-context";
import { cookieNames, cookieOptions } from "./cookies";
import { signInSecret } from "./form-token";

/** The browser comes back from another site: a cookie that is `strict` would stay behind. */
function optionsOf({ origin, runtime }: Attempt) {
  return { ...cookieOptions(origin, runtime), sameSite: "lax" } as const;
}

/** What a browser keeps while a person is at a provider, as lines of `Set-Cookie`. Each value is sealed, with the provider. */
export async function secretCookies(
  attempt: Attempt,
  { slug }: Pick<Provider, "slug">,
  { state, nonce, verifier }: SignInSecrets,
): Promise<string[]> {
  const names = cookieNames(attempt.origin);
  const seal = async (name: string, value: string) => {
    const sealed = await encode({
      token: { value, provider: slug },
      secret: signInSecret(attempt),
      salt: name,
      maxAge: stateSeconds,
    });
    return stringifySetCookie({ name, value: sealed, ...optionsOf(attempt), maxAge: stateSeconds });
  };
  return Promise.all([seal(names.state, state), seal(names.nonce, nonce), seal(names.pkce, verifier)]);
}

/** Ends these cookies. */
export function endedSecretCookies(attempt: Attempt): string[] {
  const { state, nonce, pkce } = cookieNames(attempt.origin);
  return [state, nonce, pkce].map((name) => stringifySetCookie({ name, value: "", ...optionsOf(attempt), maxAge: 0 }));
}

/** The secrets of the sign-in that this browser began with this provider, or why there are none. */
export async function readSecretCookies(
  attempt: Attempt,
  { slug }: Pick<Provider, "slug">,
  state: string,
  cookies: Readonly<Cookies>,
): Promise<SignInSecrets | string> {
  if (state === "") return "state_missing";
  const names = cookieNames(attempt.origin);
  const open = async (name: string) => {
    const token = cookies[name];
    return token ? decode({ token, secret: signInSecret(attempt), salt: name }).catch(() => null) : null;
  };
  const [ofState, ofNonce, ofPkce] = await Promise.all([open(names.state), open(names.nonce), open(names.pkce)]);
  if (ofState === null) return "state_not_of_this_browser";
  if (ofState.provider !== slug) return "provider_mismatch";
  if (ofState.value !== state) return "state_mismatch";
  if (ofNonce?.provider !== slug || typeof ofNonce.value !== "string") return "nonce_not_of_this_browser";
  if (ofPkce?.provider !== slug || typeof ofPkce.value !== "string") return "pkce_not_of_this_browser";
  return { state, nonce: ofNonce.value, verifier: ofPkce.value };
}
