import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clientAddress } from "../../src/core/client-address";

const proxies = ["10.0.0.0/8", "2001:db8:1::/48", "127.0.0.1"];

describe("whose address counts (TM-2)", () => {
  it.each<[string, string | null, string | null, string | null]>([
    ["nobody stands between", "203.0.113.7", null, "203.0.113.7"],
    ["a stranger writes the header", "203.0.113.7", "198.51.100.1", "203.0.113.7"],
    ["a stranger writes a proxy's address", "203.0.113.7", "127.0.0.1", "203.0.113.7"],
    ["a proxy says who it was", "10.0.0.1", "203.0.113.7", "203.0.113.7"],
    ["a proxy says nothing", "10.0.0.1", null, "10.0.0.1"],
    ["a proxy says nothing that is an address", "10.0.0.1", "unknown", "10.0.0.1"],
    ["a proxy sends an empty header", "10.0.0.1", "", "10.0.0.1"],
    ["what stands left of a stranger is the stranger's", "10.0.0.1", "198.51.100.1, 203.0.113.7", "203.0.113.7"],
    ["a stranger claims a proxy left of them", "10.0.0.1", "127.0.0.1, 203.0.113.7", "203.0.113.7"],
    ["two proxies", "10.0.0.1", "198.51.100.1, 203.0.113.7, 10.9.9.9", "203.0.113.7"],
    ["nobody but proxies", "10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"],
    ["right of what is no address everything counts", "10.0.0.1", "203.0.113.7, nonsense, 10.0.0.2", "10.0.0.2"],
    ["an address with a port is none", "10.0.0.1", "203.0.113.7:4711", "10.0.0.1"],
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
