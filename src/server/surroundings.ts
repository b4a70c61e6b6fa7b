import { randomBytes } from "node:crypto";
import { Resolver as DnsResolver } from "node:dns/promises";
import { networkInterfaces } from "node:os";
import { canonicalAddress } from "../core/addresses";
import type { Clock, RandomBytes, Resolver } from "../core/values";
import { within } from "../persistence/deadline";

/** What the process takes from the outside, as values that a test replaces. */
export interface Surroundings {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly resolver: Resolver;
  readonly ownAddresses: () => readonly string[];
}

const dnsTimeoutMs = 2_000;

/** Milliseconds for a whole lookup, however many name servers are asked how often. */
const dnsMostMs = 6_000;

export function realSurroundings(): Surroundings {
  const dns = new DnsResolver({ timeout: dnsTimeoutMs, tries: 2 });
  const addressesOf = (lookUp: () => Promise<string[]>) => within(dnsMostMs, "DNS", lookUp).catch(() => []);
  return {
    clock: { now: () => new Date() },
    random: (size) => randomBytes(size),
    resolver: {
      addresses: async (name) => {
        const found = await Promise.all([addressesOf(() => dns.resolve4(name)), addressesOf(() => dns.resolve6(name))]);
        return canonical(found.flat());
      },
    },
    ownAddresses: () =>
      canonical(Object.values(networkInterfaces()).flatMap((entries) => (entries ?? []).map((entry) => entry.address))),
  };
}

function canonical(addresses: readonly string[]): string[] {
  return addresses.map(canonicalAddress).filter((address) => address !== null);
}
