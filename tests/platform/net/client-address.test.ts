import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isAmong } from "../../../src/platform/net/addresses";
import { clientAddress, readForwardedAddress } from "../../../src/platform/net/client-address";

const proxies = ["10.0.0.0/8", "2001:db8:1::/48", "127.0.0.1"];

describe("whose address counts (TM-2)", () => {
  it.each<[string, string | null, string | null, string | null]>([
    ["nobody stands between", "203.0.113.7", null, "203.0.113.7"],
    ["a stranger writes the header", "203.0.113.7", "198.51.100.1", "203.0.113.7"],
    ["a stranger writes a proxy's address", "203.0.113.7", "127.0.0.1", "203.0.113.7"],
    ["a proxy says who it was", "10.0.0.1", "203.0.113.7", "203.0.113.7"],
    ["a proxy says nothing", "10.0.0.1", null, "10.0.0.1"],
    ["a proxy says nothing that is an address", "10.0.0.1", "unknown", null],
    ["a proxy sends an empty header", "10.0.0.1", "", null],
    ["a proxy sends nothing but commas", "10.0.0.1", " , ,", null],
    ["the last entry is empty: the one before it may be forged", "10.0.0.1", "203.0.113.7, ", null],
    ["an entry right of a second proxy's is empty", "10.0.0.1", "203.0.113.7,,10.0.0.2", null],
    ["an empty entry stands left of the caller", "10.0.0.1", ",203.0.113.7", "203.0.113.7"],
    ["what stands left of a stranger is the stranger's", "10.0.0.1", "198.51.100.1, 203.0.113.7", "203.0.113.7"],
    ["a stranger claims a proxy left of them", "10.0.0.1", "127.0.0.1, 203.0.113.7", "203.0.113.7"],
    ["two proxies", "10.0.0.1", "198.51.100.1, 203.0.113.7, 10.9.9.9", "203.0.113.7"],
    ["nobody but proxies", "10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"],
    ["what is no address hides everything left of it", "10.0.0.1", "203.0.113.7, nonsense, 10.0.0.2", null],
    ["an address with a port", "10.0.0.1", "203.0.113.7:51234", "203.0.113.7"],
    ["an IPv6 address with a port", "10.0.0.1", "[2001:db8::1]:443", "2001:db8::1"],
    ["a proxy's address with a port", "10.0.0.1", "203.0.113.7:51234, 10.0.0.2:80", "203.0.113.7"],
    ["an IPv4-mapped address", "10.0.0.1", "::ffff:203.0.113.7", "203.0.113.7"],
    [
      "an IPv4-mapped address of a proxy, in hex, with a port",
      "10.0.0.1",
      "203.0.113.7,[::ffff:a00:2]:80",
      "203.0.113.7",
    ],
    ["a zone", "10.0.0.1", "fe80::1%eth0", "fe80::1"],
    ["tabs and many spaces", "10.0.0.1", "\t198.51.100.1 ,\t  203.0.113.7\t ", "203.0.113.7"],
    ["several headers, joined", "10.0.0.1", "198.51.100.1, 198.51.100.2, 203.0.113.7, 10.0.0.2", "203.0.113.7"],
    ["a hundred entries", "10.0.0.1", `${"198.51.100.1, ".repeat(98)}203.0.113.7, 10.0.0.2`, "203.0.113.7"],
    ["a hundred proxies", "10.0.0.1", `203.0.113.7, ${"10.0.0.2, ".repeat(98)}10.0.0.3`, "203.0.113.7"],
    ["no spaces", "10.0.0.1", "198.51.100.1,203.0.113.7,10.0.0.2", "203.0.113.7"],
    ["IPv6 throughout", "2001:db8:1::1", "2001:DB8:2:0::7", "2001:db8:2::7"],
    ["a proxy on a socket for both kinds", "::ffff:10.0.0.1", "203.0.113.7", "203.0.113.7"],
    ["a stranger whose IPv6 address carries a proxy's", "2002:7f00:1::1", "203.0.113.7", "2002:7f00:1::1"],
    ["no socket", null, "203.0.113.7", null],
    ["a socket without an address", "", "203.0.113.7", null],
  ])("%s", (_title, peer, forwardedFor, expected) => {
    expect(clientAddress(peer, forwardedFor, proxies)).toBe(expected);
  });

  it("believes no header where no proxy is trusted", () => {
    expect(clientAddress("10.0.0.1", "203.0.113.7", [])).toBe("10.0.0.1");
  });

  it.each<[string, string | null]>([
    ["203.0.113.7", "203.0.113.7"],
    ["203.0.113.7:0", "203.0.113.7"],
    ["203.0.113.7:65535", "203.0.113.7"],
    ["203.0.113.7:65536", null],
    ["203.0.113.7:", null],
    ["203.0.113.7:http", null],
    ["203.0.113.7:80:80", null],
    ["203.0.113.7%eth0", null],
    ["[203.0.113.7]", null],
    ["[203.0.113.7]:80", null],
    ["203.0.113.07", null],
    ["0xcb.0.113.7", null],
    ["203.0.113", null],
    ["3405803783", null],
    ["[2001:db8::1]", "2001:db8::1"],
    ["[2001:DB8:0:0::1]:51234", "2001:db8::1"],
    ["[2001:db8::1]:65536", null],
    ["[2001:db8::1]80", null],
    ["[2001:db8::1", null],
    ["2001:db8::1]", null],
    ["[[2001:db8::1]]", null],
    ["[fe80::1%25eth0]:443", "fe80::1"],
    ["fe80::1%", null],
    ["fe80::1%eth0%eth1", null],
    ["[::ffff:203.0.113.7]:443", "203.0.113.7"],
    ["::ffff:cb00:7107", "203.0.113.7"],
    ["::203.0.113.7", "::cb00:7107"],
    ["2002:7f00:1::1", "2002:7f00:1::1"],
    ["2001:db8:0:0:0:0:0:1:443", null],
    ['"203.0.113.7"', null],
    ["for=203.0.113.7", null],
    ["unix:", null],
    ["_hidden", null],
    ["localhost", null],
    ["203.0.113.7/32", null],
    ["203.0.113.7 198.51.100.1", null],
    ["203.0.113.7;198.51.100.1", null],
    ["２０３.0.113.7", null],
    ["\u00a0203.0.113.7", null],
  ])("reads the entry %j as %j", (entry, expected) => {
    expect(readForwardedAddress(entry)).toBe(expected);
  });

  it("reads every address in each form in which proxies write it, with any port", () => {
    const address = fc.oneof(fc.ipV4(), fc.ipV6());
    fc.assert(
      fc.property(address, fc.integer({ min: 0, max: 65_535 }), (written, port) => {
        const canonical = clientAddress(written, null, []);
        const withPort = written.includes(":") ? `[${written}]:${port}` : `${written}:${port}`;
        expect(readForwardedAddress(` ${written} `)).toBe(canonical);
        expect(readForwardedAddress(withPort)).toBe(canonical);
      }),
    );
  });

  it("is never a proxy's and is admitted by no allowlist when the proxy's own entry cannot be read", () => {
    const unreadable = fc.string().filter((text) => !text.includes(",") && readForwardedAddress(text) === null);
    fc.assert(
      fc.property(fc.array(fc.ipV4()), unreadable, (forged, last) => {
        const address = clientAddress("10.0.0.1", [...forged, last].join(","), proxies);
        expect(address).toBeNull();
        expect(isAmong(String(address), ["0.0.0.0/0", "::/0"])).toBe(false);
      }),
    );
  });

  it("is the stranger's own, whatever they put in front of what the proxy adds", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string())), (forged) => {
        const header = [...forged, "203.0.113.7"].join(", ");
        expect(clientAddress("10.0.0.1", header, proxies)).toBe("203.0.113.7");
        expect(clientAddress("203.0.113.7", forged.join(", "), proxies)).toBe("203.0.113.7");
      }),
    );
  });
});
