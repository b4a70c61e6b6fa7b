import { randomBytes } from "node:crypto";
import { Resolver as DnsResolver } from "node:dns/promises";
import { readFileSync } from "node:fs";
import { hostname, networkInterfaces } from "node:os";
import { makeHostWatch } from "../delivery/prober/host-watch";
import { makeUpstreamWatch } from "../delivery/prober/upstream-watch";
import { within } from "../platform/deadline";
import { canonicalAddress } from "../platform/net/addresses";
import { machineNames } from "../platform/net/machine-names";
import type { Clock, HostWatch, RandomBytes, Resolver, UpstreamWatch } from "../platform/values";

/** The process's access to its environment, as values that tests replace. */
export interface Surroundings {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly resolver: Resolver;
  readonly hostWatch: HostWatch;
  readonly upstreamWatch: UpstreamWatch;
  readonly ownAddresses: () => readonly string[];
  readonly ownNames: () => readonly string[];
}

const dnsTimeoutMs = 2_000;

/** The timeout of a whole DNS lookup in milliseconds, including all servers and retries. */
const dnsMostMs = 6_000;

export function realSurroundings(): Surroundings {
  const dns = new DnsResolver({ timeout: dnsTimeoutMs, tries: 2 });
  return {
    clock: { now: () => new Date() },
    random: (size) => randomBytes(size),
    upstreamWatch: makeUpstreamWatch(),
    hostWatch: makeHostWatch({ random: (size) => randomBytes(size) }),
    resolver: {
      addresses: async (name, withinMs = dnsMostMs) => {
        const addressesOf = (lookUp: () => Promise<string[]>) => within(withinMs, "DNS", lookUp).catch(() => []);
        const found = await Promise.all([addressesOf(() => dns.resolve4(name)), addressesOf(() => dns.resolve6(name))]);
        return canonical(found.flat());
      },
    },
    ownAddresses,
    ownNames,
  };
}

/** Returns the addresses of this machine's network interfaces. */
function ownAddresses(): readonly string[] {
  return canonical(
    Object.values(networkInterfaces()).flatMap((entries) => (entries ?? []).map((entry) => entry.address)),
  );
}

/** How long the names of the machine are cached, in ms: hosts files can be long. */
const namesForMs = 10_000;
let remembered: { readonly at: number; readonly names: readonly string[] } | null = null;

function ownNames(): readonly string[] {
  const now = performance.now();
  if (remembered === null || now - remembered.at > namesForMs) {
    remembered = { at: now, names: machineNames(hostname(), hostsFile(), ownAddresses()) };
  }
  return remembered.names;
}

/** Returns the text of the hosts file; empty if there is none, as on Windows. */
function hostsFile(): string {
  try {
    return readFileSync("/etc/hosts", "utf8");
  } catch {
    return "";
  }
}

function canonical(addresses: readonly string[]): string[] {
  return addresses.map(canonicalAddress).filter((address) => address !== null);
}
