import { canonicalAddress, classifyAddress } from "./addresses";

/**
 * Returns all names of this machine that are known without a DNS query: its host name, alone and with the domains that
 * are resolved without DNS, and the names of its own addresses in the hosts file.
 * @param hostname the result of `os.hostname()`, with or without a domain
 * @param hostsFile the text of `/etc/hosts`; empty if there is none
 * @param ownAddresses the addresses of its interfaces, canonical
 * @returns lower-case, sorted, without repetitions
 */
export function machineNames(hostname: string, hostsFile: string, ownAddresses: readonly string[]): string[] {
  const names = new Set<string>();
  const own = new Set(ownAddresses);
  const called = lowerCase(hostname);
  const [short = ""] = called.split(".");
  if (short !== "") for (const name of [called, short, `${short}.local`, `${short}.localdomain`]) names.add(name);
  for (const line of hostsFile.split("\n")) {
    const [address = "", ...aliases] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (classifyAddress(address) !== "loopback" && !own.has(canonicalAddress(address) ?? "")) continue;
    for (const alias of aliases) names.add(lowerCase(alias));
  }
  return [...names].sort();
}

function lowerCase(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}
