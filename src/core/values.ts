/** What a verb takes from the outside world, as values, so that a test can hold them still. */

export interface Clock {
  now(): Date;
}

/** Cryptographic randomness: `size` bytes. */
export type RandomBytes = (size: number) => Buffer;

export interface Resolver {
  /** Every address of a name, canonical; empty when it has none or no server answers. */
  addresses(name: string): Promise<readonly string[]>;
}
