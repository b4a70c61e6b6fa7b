import { describe, expect, it } from "vitest";
import { isSameOrigin, type RequestOrigin, requestOrigin, wrongHost } from "../../src/operations/request-origin";
import { sentenceOf } from "../../src/platform/errors/refusal";

const publicOrigin = "https://portcullis.example.org";
const localOrigins = ["http://127.0.0.1:3000", "http://localhost:3000", "http://[::1]:3000"];
const unknown = { kind: "unknown" } as const;
const atPublic = { kind: "public", origin: publicOrigin } as const;
const atLocal = (origin: string) => ({ kind: "local", origin }) as const;

describe("where a request was sent to (TM-41)", () => {
  it.each<[string, string | null, string | null, RequestOrigin]>([
    ["the public address", "portcullis.example.org", "203.0.113.7", atPublic],
    ["the public address in other letters", "Portcullis.EXAMPLE.org", "203.0.113.7", atPublic],
    ["the public address, through a proxy on the host", "portcullis.example.org", "127.0.0.1", atPublic],
    ["the public address with its default port", "portcullis.example.org:443", "203.0.113.7", atPublic],
    ["the public address with an empty port", "portcullis.example.org:", "203.0.113.7", atPublic],
    ["the public address with the root's dot", "portcullis.example.org.", "203.0.113.7", atPublic],
    ["all of these", "PORTCULLIS.example.ORG.:443", "203.0.113.7", atPublic],
    ["the default port of another scheme", "portcullis.example.org:80", "203.0.113.7", unknown],
    ["the default port with a zero in front", "portcullis.example.org:0443", "203.0.113.7", unknown],
    ["two dots at the end", "portcullis.example.org..", "203.0.113.7", unknown],
    ["two hosts", "portcullis.example.org, portcullis.example.org", "203.0.113.7", unknown],
    ["a user before the host", "ada@portcullis.example.org", "203.0.113.7", unknown],
    ["a path behind the host", "portcullis.example.org/", "203.0.113.7", unknown],
    ["a space around the host", " portcullis.example.org", "203.0.113.7", unknown],
    ["a loopback address with the root's dot", "localhost.:3000", "127.0.0.1", atLocal("http://localhost:3000")],
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
    expect(requestOrigin(host, peer, false, publicOrigin, localOrigins)).toEqual(expected);
  });

  it("is no local one, where a proxy on the host passed it on, whatever it made of the host", () => {
    expect(requestOrigin("127.0.0.1:3000", "127.0.0.1", true, publicOrigin, localOrigins)).toEqual(unknown);
    expect(requestOrigin("portcullis.example.org", "127.0.0.1", true, publicOrigin, localOrigins)).toEqual(atPublic);
  });

  it("is the public one, where that is a loopback address itself", () => {
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
  ])("knows the default port of %s's scheme: the host %s is %s", (origin, host, kind) => {
    expect(requestOrigin(host, "203.0.113.7", false, origin, [])).toMatchObject({ kind });
  });

  it("leaves out a port that goes without saying", () => {
    expect(requestOrigin("a.example", "203.0.113.7", false, "https://a.example:443", [])).toMatchObject({
      kind: "public",
    });
  });
});

describe("the origin of a page", () => {
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
  ])("%j is one of the public address's pages: %j", (from, expected) => {
    expect(isSameOrigin(from, publicOrigin)).toBe(expected);
  });
});

describe("the message for another host", () => {
  const messageFor = (host: string, forwarded: boolean) =>
    sentenceOf("unknown_origin", wrongHost(host, forwarded, publicOrigin));

  it("names the host that arrived, the one that is expected, and the page that helps", () => {
    const message = messageFor("127.0.0.1:3000", true);
    expect(message).toContain("arrived through a proxy for the host 127.0.0.1:3000");
    expect(message).toContain('"Host: portcullis.example.org"');
    expect(message).toContain("docs/behind-a-proxy.md");
  });

  it.each(["<script>", "a b", "x".repeat(101), "a,b", "\u0007"])("repeats nothing that is no host: %j", (host) => {
    expect(messageFor(host, false)).not.toContain(host);
    expect(messageFor(host, false)).toContain("for a host that cannot be read");
  });
});
