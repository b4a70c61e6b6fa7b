import type { SeenElsewhere } from "./net/served-elsewhere";

/** What a verb takes from the outside world, as values, so that a test can hold them still. */

export interface Clock {
  now(): Date;
}

/** Cryptographic randomness: `size` bytes. */
export type RandomBytes = (size: number) => Buffer;

export interface Resolver {
  /**
   * Every address of a name, canonical; empty when it has none or no server answers.
   * @param withinMs an answer later than this counts as none; left out, the resolver's own limit
   */
  addresses(name: string, withinMs?: number): Promise<readonly string[]>;
}

/** Asks gateways what they already serve. */
export interface HostWatch {
  /**
   * What a service that Portcullis did not configure answers for a host at a gateway; null where none does, or where the
   * gateway does not answer in time.
   * @param address `host:port` at which the gateway serves visitors
   * @param owner the organization that asks; each has a bound
   * @throws Refusal `rate_limited` after many hosts that somebody else serves | `busy`
   */
  servedElsewhere(address: string, host: string, owner: string): Promise<SeenElsewhere | null>;
}
