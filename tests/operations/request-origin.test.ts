import { describe, expect, it } from "vitest";
import { isSameOrigin, type RequestOrigin, requestOrigin, wrongHost } from "#src/operations/request-origin";
import { sentenceOf } from "#src/platform/errors/refusal";

const publicOrigin = "https://portcullis.example.org";
const localOrigins = ["http://127.0.0.1:3000", "http://localhost:3000", "http://[::1]:3000"];
const unknown = { kind: "unknown" } as const;
const atPublic = { kind: "public", origin: publicOrigin } as const;
const atLocal = (origin: string) => ({ kind: "local", origin }) as const;

describe("requestOrigin", () => {
  it.each<[string, string | null, string | null, RequestOrigin]>([
    ["the public address", "portcullis.example.org", "203.0.113.7", atPublic],
    ["the public address in another case", "Portcullis.EXAMPLE.org", "203.0.113.7", atPublic],
    ["the public address, through a proxy on the host", "portcullis.example.org", "127.0.0.1", atPublic],
    ["the public address with its default port", "portcullis.example.org:443", "203.0.113.7", atPublic],
    ["the public address with an empty port", "portcullis.example.org:", "203.0.113.7", atPublic],
    ["the public address with a trailing dot", "portcullis.example.org.", "203.0.113.7", atPublic],
    [
      "the public address in another case, with a trailing dot and its default port",
      "PORTCULLIS.example.ORG.:443",
      "203.0.113.7",
      atPublic,
    ],
    ["the public host with the default port of another scheme", "portcullis.example.org:80", "203.0.113.7", unknown],
    ["the public host with a leading zero in its default port", "portcullis.example.org:0443", "203.0.113.7", unknown],
    ["the public host with two trailing dots", "portcullis.example.org..", "203.0.113.7", unknown],
    ["two hosts", "portcullis.example.org, portcullis.example.org", "203.0.113.7", unknown],
    ["a host with a user name", "ada@portcullis.example.org", "203.0.113.7", unknown],
    ["a host with a path", "portcullis.example.org/", "203.0.113.7", unknown],
    ["a host with a leading space", " portcullis.example.org", "203.0.113.7", unknown],
    ["a loopback address with a trailing dot", "localhost.:3000", "127.0.0.1", atLocal("http://localhost:3000")],
    ["another port of the public host", "portcullis.example.org:8443", "203.0.113.7", unknown],
    ["another host", "portcullis.example.org.evil.example", "203.0.113.7", unknown],
    ["no host", null, "127.0.0.1", unknown],
    ["an empty host", "", "127.0.0.1", unknown],
    ["a loopback address, origin this host", "127.0.0.1:3000", "127.0.0.1", atLocal("http://127.0.0.1:3000")],
    ["a loopback name, origin this host", "localhost:3000", "::1", atLocal("http://localhost:3000")],
    [
      "a loopback address, origin an IPv4-mapped peer",
      "127.0.0.1:3000",
      "::ffff:127.0.0.1",
      atLocal("http://127.0.0.1:3000"),
    ],
    ["an IPv6 loopback address", "[::1]:3000", "::1", atLocal("http://[::1]:3000")],
    ["a loopback address, origin another machine", "127.0.0.1:3000", "203.0.113.7", unknown],
    ["a loopback address, origin the host's network", "localhost:3000", "10.1.2.3", unknown],
    ["a loopback address, origin a peer that only embeds one", "127.0.0.1:3000", "2002:7f00:1::1", unknown],
    ["a loopback address, origin an unknown peer", "127.0.0.1:3000", null, unknown],
    ["another port of this host", "127.0.0.1:3001", "127.0.0.1", unknown],
    ["another name of this host", "host.internal:3000", "127.0.0.1", unknown],
  ])("classifies a request to %s", (_title, host, peer, expected) => {
    expect(requestOrigin(host, peer, false, publicOrigin, localOrigins)).toEqual(expected);
  });

  it("a request through a proxy on this host is never local, even with a loopback address as the host", () => {
    expect(requestOrigin("127.0.0.1:3000", "127.0.0.1", true, publicOrigin, localOrigins)).toEqual(unknown);
    expect(requestOrigin("portcullis.example.org", "127.0.0.1", true, publicOrigin, localOrigins)).toEqual(atPublic);
  });

  it("a request to a loopback address is public if that is the public origin", () => {
    const origin = "http://127.0.0.1:3000";
    expect(requestOrigin("127.0.0.1:3000", "127.0.0.1", false, origin, localOrigins)).toEqual({
      kind: "public",
      origin,
    });
  });

  it.each([
    ["http://a.example", "a.example:80", "public"],
    ["http://a.example", "a.example:443", "unknown"],
    ["http://a.example:80", "a.example", "public"],
    ["https://a.example:8443", "a.example:8443", "public"],
    ["https://a.example:8443", "a.example", "unknown"],
    ["https://a.example:8443", "a.example:443", "unknown"],
    ["https://[2001:db8::1]", "[2001:DB8::1]:443", "public"],
  ])("applies the default port of the scheme: at the public origin %s, the host %s is %s", (origin, host, kind) => {
    expect(requestOrigin(host, "203.0.113.7", false, origin, [])).toMatchObject({ kind });
  });

  it("ignores the default port in the public origin", () => {
    expect(requestOrigin("a.example", "203.0.113.7", false, "https://a.example:443", [])).toMatchObject({
      kind: "public",
    });
  });
});

describe("isSameOrigin", () => {
  it.each([
    [publicOrigin, true],
    ["https://PORTCULLIS.example.org", true],
    ["https://portcullis.example.org.", true],
    ["https://portcullis.example.org:443", true],
    ["http://portcullis.example.org", false],
    ["https://portcullis.example.org/", false],
    ["https://portcullis.example.org:8443", false],
    ["https://portcullis.example.org.evil.example", false],
    ["https://ada@portcullis.example.org", false],
    ["https://", false],
    ["null", false],
    ["", false],
    [null, false],
  ])("the origin %j is the public origin: %j", (origin, expected) => {
    expect(isSameOrigin(origin, publicOrigin)).toBe(expected);
  });
});

describe("the message for another host", () => {
  const messageFor = (host: string, forwarded: boolean) =>
    sentenceOf("unknown_origin", wrongHost(host, forwarded, publicOrigin));

  it("the message names the received host, the expected host and the page of the documentation", () => {
    const message = messageFor("127.0.0.1:3000", true);
    expect(message).toContain("arrived through a proxy for the host 127.0.0.1:3000");
    expect(message).toContain('"Host: portcullis.example.org"');
    expect(message).toContain("docs/behind-a-proxy.md");
  });

  it.each(["<script>", "a b", "x".repeat(101), "a,b", "\u0007"])(
    "the message does not repeat an invalid host: %j",
    (host) => {
      expect(messageFor(host, false)).not.toContain(host);
      expect(messageFor(host, false)).toContain("for a host that cannot be read");
    },
  );
});
