import type { SeenElsewhere } from "./net/served-elsewhere";

/** The access of an operation to the outside world, as values, so that tests can control them. */

export interface Clock {
  now(): Date;
}

/** Cryptographic randomness: `size` bytes. */
export type RandomBytes = (size: number) => Buffer;

export interface Resolver {
  /**
   * Resolves all addresses of a name, canonical; empty if it has none or no server answers.
   * @param withinMs a later response counts as none; by default, the limit of the resolver applies
   */
  addresses(name: string, withinMs?: number): Promise<readonly string[]>;
}

/** Asks gateways which hosts they already serve. */
export interface HostWatch {
  /**
   * Returns the response of a service that Portcullis did not configure for a host at a gateway; null if there is no
   * such service, or if the gateway does not respond in time.
   * @param address `host:port` at which the gateway serves visitors
   * @param owner the organization that asks; each organization has a limit
   * @throws Refusal `rate_limited` after many hosts that another service answers | `busy`
   */
  servedElsewhere(address: string, host: string, owner: string): Promise<SeenElsewhere | null>;
}

/** An upstream to check. */
export interface UpstreamTarget {
  readonly scheme: "http" | "https";
  /** A name or an address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/**
 * `refuses`: the connection is refused, or what answers does not speak HTTP or a trusted TLS. `silent`: nothing answers
 * in time.
 */
export type UpstreamResponse =
  | { readonly outcome: "answers"; readonly status: number }
  | { readonly outcome: "refuses" | "silent" };

/** Checks whether upstreams answer. */
export interface UpstreamWatch {
  /**
   * Sends one request to one of these addresses. The caller has verified that they are allowed.
   * @param owner the organization that requests it; each organization has a limit
   * @throws Refusal `busy`
   */
  check(target: UpstreamTarget, addresses: readonly string[], owner: string): Promise<UpstreamResponse>;
}
