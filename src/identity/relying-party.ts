import { isIP } from "node:net";
import { Refusal } from "../platform/errors/refusal";

/** For whom passkeys are: the site at one origin. */
export interface RelyingParty {
  /** The host's name; a passkey belongs to it for ever. */
  readonly id: string;
  readonly origin: string;
}

/**
 * The site that a request came to. Passkeys belong to names: at a bare address there are none, so on the host itself
 * they are for `localhost`, and not for `127.0.0.1`.
 * @throws Refusal `passkey_needs_host_name`
 */
export function relyingPartyOf(origin: string): RelyingParty {
  const { hostname } = new URL(origin);
  if (isIP(hostname) !== 0 || hostname.startsWith("[")) {
    throw new Refusal("passkey_needs_host_name", { hostname });
  }
  return { id: hostname, origin };
}
