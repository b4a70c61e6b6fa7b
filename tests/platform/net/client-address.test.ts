import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isAmong } from "#src/platform/net/addresses";
import { clientAddress, readForwardedAddress } from "#src/platform/net/client-address";

const proxies = ["10.0.0.0/8", "2001:db8:1::/48", "127.0.0.1"];

describe("client address (TM-2)", () => {
  it.each<[string, string | null, string | null, string | null]>([
    ["no proxy", "203.0.113.7", null, "203.0.113.7"],
    ["an untrusted client sends the header", "203.0.113.7", "198.51.100.1", "203.0.113.7"],
    ["an untrusted client sends a proxy's address", "203.0.113.7", "127.0.0.1", "203.0.113.7"],
    ["a proxy sends the client's address", "10.0.0.1", "203.0.113.7", "203.0.113.7"],
    ["a proxy sends no header", "10.0.0.1", null, "10.0.0.1"],
    ["a proxy sends a word that is not an address", "10.0.0.1", "unknown", null],
    ["a proxy sends an empty header", "10.0.0.1", "", null],
    ["a proxy sends only commas", "10.0.0.1", " , ,", null],
    ["the last entry is empty, and the one before it may be forged", "10.0.0.1", "203.0.113.7, ", null],
    ["the entry between the client and a second proxy is empty", "10.0.0.1", "203.0.113.7,,10.0.0.2", null],
    ["an empty entry is left of the client", "10.0.0.1", ",203.0.113.7", "203.0.113.7"],
    ["entries left of the client come from the client", "10.0.0.1", "198.51.100.1, 203.0.113.7", "203.0.113.7"],
    ["the client sends a proxy's address as another entry", "10.0.0.1", "127.0.0.1, 203.0.113.7", "203.0.113.7"],
    ["two proxies", "10.0.0.1", "198.51.100.1, 203.0.113.7, 10.9.9.9", "203.0.113.7"],
    ["only proxies", "10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"],
    ["an invalid entry hides all entries left of it", "10.0.0.1", "203.0.113.7, nonsense, 10.0.0.2", null],
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
    ["a proxy on a dual-stack socket", "::ffff:10.0.0.1", "203.0.113.7", "203.0.113.7"],
    [
      "an untrusted client whose IPv6 address contains a proxy's address",
      "2002:7f00:1::1",
      "203.0.113.7",
      "2002:7f00:1::1",
    ],
    ["no socket", null, "203.0.113.7", null],
    ["a socket without an address", "", "203.0.113.7", null],
  ])("the client address is correct for: %s", (_title, peer, forwardedFor, expected) => {
    expect(clientAddress(peer, forwardedFor, proxies)).toBe(expected);
  });

  it("X-Forwarded-For is ignored if no proxy is trusted", () => {
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
  ])("the forwarded entry %j is read as %j", (entry, expected) => {
    expect(readForwardedAddress(entry)).toBe(expected);
  });

  it("a forwarded entry is read in every form that proxies write, with any port", () => {
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

  it("the client address is unknown, and no allowlist admits it, if the proxy's own entry cannot be read", () => {
    const unreadable = fc.string().filter((text) => !text.includes(",") && readForwardedAddress(text) === null);
    fc.assert(
      fc.property(fc.array(fc.ipV4()), unreadable, (forged, last) => {
        const address = clientAddress("10.0.0.1", [...forged, last].join(","), proxies);
        expect(address).toBeNull();
        expect(isAmong(String(address), ["0.0.0.0/0", "::/0"])).toBe(false);
      }),
    );
  });

  it("a client cannot change its address with entries in front of the one that the proxy adds", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string())), (forged) => {
        const header = [...forged, "203.0.113.7"].join(", ");
        expect(clientAddress("10.0.0.1", header, proxies)).toBe("203.0.113.7");
        expect(clientAddress("203.0.113.7", forged.join(", "), proxies)).toBe("203.0.113.7");
      }),
    );
  });
});
