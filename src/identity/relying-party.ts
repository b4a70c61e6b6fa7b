import { isIP } from "node:net";
import { Refusal } from "../platform/errors/refusal";

/** The relying party of passkeys: the site at one origin. */
export interface RelyingParty {
  /** The host's name. A passkey belongs to it permanently. */
  readonly id: string;
  readonly origin: string;
}

/**
 * The site that a request was sent to. Passkeys belong to host names and do not work at IP addresses. On the host
 * itself they are therefore for `localhost`, and not for `127.0.0.1`.
 * @throws Refusal `passkey_needs_host_name`
 */
export function relyingPartyOf(origin: string): RelyingParty {
  const { hostname } = new URL(origin);
  if (isIP(hostname) !== 0 || hostname.startsWith("[")) {
    throw new Refusal("passkey_needs_host_name", { hostname });
  }
  return { id: hostname, origin };
}
