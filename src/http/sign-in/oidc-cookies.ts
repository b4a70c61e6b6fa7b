import { type Cookies, stringifySetCookie } from "cookie";
import { decode, encode } from "next-auth/jwt";
import type { SignInSecrets } from "#src/identity/external/authorization-request";
import type { OidcProvider } from "#src/identity/external/provider";
import { stateSeconds } from "#src/identity/external/states";
import type { SignInContext } from "#src/identity/sign-in-context";
import { cookieNames, cookieOptions } from "./cookies";
import { signInSecret } from "./form-token";

/** The cookies are not `strict`: the browser returns from another site, and does not send `strict` cookies then. */
function optionsOf({ origin, runtime }: SignInContext) {
  return { ...cookieOptions(origin, runtime), sameSite: "lax" } as const;
}

/** Returns the `Set-Cookie` lines for the time at a provider. Each value is encrypted together with the provider. */
export async function secretCookies(
  attempt: SignInContext,
  { slug }: Pick<OidcProvider, "slug">,
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

/** Returns the `Set-Cookie` lines that delete these cookies. */
export function endedSecretCookies(attempt: SignInContext): string[] {
  const { state, nonce, pkce } = cookieNames(attempt.origin);
  return [state, nonce, pkce].map((name) => stringifySetCookie({ name, value: "", ...optionsOf(attempt), maxAge: 0 }));
}

/** Reads the secrets of the sign-in that this browser started with this provider, or returns why there are none. */
export async function readSecretCookies(
  attempt: SignInContext,
  { slug }: Pick<OidcProvider, "slug">,
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
