import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalAddress, classifyAddress, isAmong, isNetwork, senderAddress } from "#src/platform/net/addresses";

const spellings: [string, string | null][] = [
  ["127.0.0.1", "127.0.0.1"],
  ["::1", "::1"],
  ["::", "::"],
  ["0:0:0:0:0:0:0:1", "::1"],
  ["::0.0.0.1", "::1"],
  ["FD00::A", "fd00::a"],
  ["fe80::1%eth0", "fe80::1"],
  ["::ffff:127.0.0.1", "127.0.0.1"],
  ["::FFFF:7F00:1", "127.0.0.1"],
  ["::127.0.0.1", "127.0.0.1"],
  ["::7f00:1", "127.0.0.1"],
  ["::ffff:0:10.1.2.3", "10.1.2.3"],
  ["64:ff9b::10.1.2.3", "10.1.2.3"],
  ["64:ff9b:1::10.1.2.3", "10.1.2.3"],
  ["2002:a9fe:a9fe::1", "169.254.169.254"],
  ["2001:0:1:2:3:4:80ff:fffe", "127.0.0.1"],
  ["2001:db8::1", "2001:db8::1"],
  ["2001:4860:4860::8888", "2001:4860:4860::8888"],
  ["", null],
  ["localhost", null],
  ["127.1", null],
  ["0x7f.0.0.1", null],
  ["127.0.0.01", null],
  ["[::1]", null],
  ["1.2.3.4:80", null],
  ["%eth0", null],
];

const classes: [string, string | null][] = [
  ["127.0.0.1", "loopback"],
  ["127.255.255.254", "loopback"],
  ["::1", "loopback"],
  ["::ffff:127.9.9.9", "loopback"],
  ["64:ff9b::127.0.0.1", "loopback"],
  ["0.0.0.0", "unspecified"],
  ["0.1.2.3", "unspecified"],
  ["::", "unspecified"],
  ["::ffff:0.0.0.0", "unspecified"],
  ["169.254.0.1", "link-local"],
  ["fe80::1", "link-local"],
  ["fe80::1%eth0", "link-local"],
  ["febf::1", "link-local"],
  ["169.254.169.254", "metadata"],
  ["::ffff:169.254.169.254", "metadata"],
  ["::a9fe:a9fe", "metadata"],
  ["64:ff9b::a9fe:a9fe", "metadata"],
  ["2002:a9fe:a9fe::", "metadata"],
  ["169.254.170.2", "metadata"],
  ["fd00:ec2::254", "metadata"],
  ["FD00:0EC2:0:0:0:0:0:254", "metadata"],
  ["100.100.100.200", "metadata"],
  ["168.63.129.16", "metadata"],
  ["224.0.0.1", "multicast"],
  ["255.255.255.255", "multicast"],
  ["ff02::1", "multicast"],
  ["10.0.0.1", "private"],
  ["172.16.0.1", "private"],
  ["192.168.1.1", "private"],
  ["100.64.0.1", "private"],
  ["fd12:3456::1", "private"],
  ["fec0::1", "private"],
  ["240.0.0.1", "private"],
  ["203.0.113.7", "private"],
  ["1.1.1.1", "public"],
  ["172.32.0.1", "public"],
  ["2606:4700::1", "public"],
  ["a.org", null],
];

describe("an address", () => {
  it.each(spellings)("the canonical form of the address %j is %j", (text, canonical) => {
    expect(canonicalAddress(text)).toBe(canonical);
  });

  it.each(classes)("the address %s belongs to the class %s", (text, kind) => {
    expect(classifyAddress(text)).toBe(kind);
  });

  it("a canonical address is its own canonical form and has the same class, and no text causes an error", () => {
    const hextets = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 });
    const ipv6 = hextets.map((parts) => parts.map((part) => part.toString(16)).join(":"));
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), ipv6, fc.string()), (text) => {
        const canonical = canonicalAddress(text);
        expect(classifyAddress(text) === null).toBe(canonical === null);
        if (canonical === null) return;
        expect(canonicalAddress(canonical)).toBe(canonical);
        expect(classifyAddress(canonical)).toBe(classifyAddress(text));
        expect(canonicalAddress(text.toUpperCase())).toBe(canonical);
      }),
      { numRuns: 1_000 },
    );
  });

  it("an IPv4 address gets the same class in every IPv6 form that contains it", () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        if (["0.0.0.0", "0.0.0.1"].includes(address)) return;
        const hex = Buffer.from(address.split(".").map(Number)).toString("hex");
        const six = `2002:${hex.slice(0, 4)}:${hex.slice(4)}::1`;
        for (const carried of [`::ffff:${address}`, `::${address}`, `64:ff9b::${address}`, six]) {
          expect([carried, canonicalAddress(carried)]).toEqual([carried, address]);
          expect(classifyAddress(carried)).toBe(classifyAddress(address));
        }
      }),
    );
  });
});

describe("the address of a sender", () => {
  it.each([
    ["203.0.113.7", "203.0.113.7"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["::FFFF:7F00:1", "127.0.0.1"],
    ["FD00::A", "fd00::a"],
    ["fe80::1%eth0", "fe80::1"],
    ["::1", "::1"],
    ["127.1", null],
    ["[::1]", null],
    ["1.2.3.4:80", null],
    ["localhost", null],
    ["", null],
  ])("the sender address of %j is %j", (text, expected) => {
    expect(senderAddress(text)).toBe(expected);
  });

  it("the sender address is never an IPv4 address that is embedded in an IPv6 address", () => {
    for (const text of [
      "2002:7f00:1::1",
      "64:ff9b::127.0.0.1",
      "64:ff9b:1::7f00:1",
      "::127.0.0.1",
      "2001:0:1:2:3:4:80ff:fffe",
    ]) {
      expect([text, canonicalAddress(text)]).toEqual([text, "127.0.0.1"]);
      expect([text, senderAddress(text)]).not.toEqual([text, "127.0.0.1"]);
      expect([text, isAmong(text, ["127.0.0.0/8", "127.0.0.1", "::1"])]).toEqual([text, false]);
    }
  });
});

describe("a network", () => {
  it.each([
    ["203.0.113.7", true],
    ["2001:db8::7", true],
    ["10.0.0.0/8", true],
    ["0.0.0.0/0", true],
    ["::/0", true],
    ["2001:db8::/32", true],
    ["10.0.0.1/32", true],
    ["10/8", false],
    ["10.0.0/8", false],
    ["0x0a.0.0.0/8", false],
    ["10.0.0.0/33", false],
    ["10.0.0.0/", false],
    ["10.0.0.0/8/8", false],
    ["10.0.0.0/-1", false],
    ["::ffff:10.0.0.0/104", false],
    ["fe80::1%eth0", false],
    ["example.org", false],
    ["*", false],
    ["", false],
  ])("isNetwork of %j is %s", (text, expected) => {
    expect(isNetwork(text)).toBe(expected);
  });

  it.each<[string, string[], boolean]>([
    ["10.1.2.3", ["10.0.0.0/8"], true],
    ["11.1.2.3", ["10.0.0.0/8"], false],
    ["::ffff:10.1.2.3", ["10.0.0.0/8"], true],
    ["10.1.2.3", ["192.168.0.0/16", "10.1.2.3"], true],
    ["10.1.2.3", ["::ffff:10.1.2.3"], true],
    ["10.1.2.3", ["::/0"], false],
    ["2001:db8::7", ["0.0.0.0/0"], false],
    ["2001:db8::7", ["2001:DB8:0::/48"], true],
    ["2001:db8:1::7", ["2001:db8::/48"], false],
    ["10.1.2.3", [], false],
    ["0.0.0.10", ["10/8"], false],
    ["no address", ["0.0.0.0/0", "::/0"], false],
    ["", [""], false],
  ])("whether %s is in %j: %s", (address, networks, expected) => {
    expect(isAmong(address, networks)).toBe(expected);
  });
});
