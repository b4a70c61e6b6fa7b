import { describe, expect, it } from "vitest";
import { type ArrivalOrigin, arrivalOrigin } from "../../src/core/arrival-origin";

const publicOrigin = "https://portcullis.example.org";
const localOrigins = ["http://127.0.0.1:3000", "http://localhost:3000", "http://[::1]:3000"];
const unknown = { kind: "unknown" } as const;
const atPublic = { kind: "public", origin: publicOrigin } as const;
const atLocal = (origin: string) => ({ kind: "local", origin }) as const;

describe("where a request was sent to", () => {
  it.each<[string, string | null, string | null, ArrivalOrigin]>([
    ["the public address", "portcullis.example.org", "203.0.113.7", atPublic],
    ["the public address in other letters", "Portcullis.EXAMPLE.org", "203.0.113.7", atPublic],
    ["the public address, through a proxy on the host", "portcullis.example.org", "127.0.0.1", atPublic],
    ["another port of the public host", "portcullis.example.org:8443", "203.0.113.7", unknown],
    ["another host", "portcullis.example.org.evil.example", "203.0.113.7", unknown],
    ["no host", null, "127.0.0.1", unknown],
    ["an empty host", "", "127.0.0.1", unknown],
    ["a loopback address, from the host", "127.0.0.1:3000", "127.0.0.1", atLocal("http://127.0.0.1:3000")],
    ["by name, from the host", "localhost:3000", "::1", atLocal("http://localhost:3000")],
    ["a socket for both kinds", "127.0.0.1:3000", "::ffff:127.0.0.1", atLocal("http://127.0.0.1:3000")],
    ["IPv6", "[::1]:3000", "::1", atLocal("http://[::1]:3000")],
    ["a loopback address, said from elsewhere", "127.0.0.1:3000", "203.0.113.7", unknown],
    ["a loopback address, said from the host's own network", "localhost:3000", "10.1.2.3", unknown],
    ["a loopback address, from one that only carries it", "127.0.0.1:3000", "2002:7f00:1::1", unknown],
    ["a loopback address, from nobody knows where", "127.0.0.1:3000", null, unknown],
    ["another port of the host", "127.0.0.1:3001", "127.0.0.1", unknown],
    ["another name of the host", "host.internal:3000", "127.0.0.1", unknown],
  ])("%s", (_title, host, peer, expected) => {
    expect(arrivalOrigin(host, peer, false, publicOrigin, localOrigins)).toEqual(expected);
  });

  it("is no local one, where a proxy on the host passed it on, whatever it made of the host", () => {
    expect(arrivalOrigin("127.0.0.1:3000", "127.0.0.1", true, publicOrigin, localOrigins)).toEqual(unknown);
    expect(arrivalOrigin("portcullis.example.org", "127.0.0.1", true, publicOrigin, localOrigins)).toEqual(atPublic);
  });

  it("is the public one, where that is a loopback address itself", () => {
    const origin = "http://127.0.0.1:3000";
    expect(arrivalOrigin("127.0.0.1:3000", "127.0.0.1", false, origin, localOrigins)).toEqual({
      kind: "public",
      origin,
    });
  });

  it("leaves out a port that goes without saying", () => {
    expect(arrivalOrigin("a.example", "203.0.113.7", false, "https://a.example:443", [])).toMatchObject({
      kind: "public",
    });
  });
});
