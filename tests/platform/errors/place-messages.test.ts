import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hostMessage, pathMessage, upstreamMessage } from "../../../src/platform/errors/place-messages";
import { parseHost } from "../../../src/platform/net/host-names";
import { parsePathPrefix } from "../../../src/platform/net/path-prefixes";
import { parseUpstream } from "../../../src/platform/net/upstreams";

function ofHost(text: string): string {
  const parsed = parseHost(text);
  if (parsed.ok) throw new Error(`${text} is a host`);
  return hostMessage(text, parsed.problem);
}

function ofUpstream(text: string): string {
  const parsed = parseUpstream(text);
  if (parsed.ok) throw new Error(`${text} is an upstream`);
  return upstreamMessage(text, parsed.problem);
}

describe("the message for a host that cannot be used", () => {
  test.each([
    ["https://wiki.example.com/", "wiki.example.com", "the scheme https:// and the slash"],
    ["HTTPS://Wiki.Example.COM", "wiki.example.com", "the scheme HTTPS://"],
    ["wiki.example.com:8080", "wiki.example.com", "the port :8080"],
    ["wiki.example.com/", "wiki.example.com", "the slash"],
    ["wiki.example.com/admin", "wiki.example.com", "everything behind the host"],
    ["http://wiki.example.com:8080/a?b=c#d", "wiki.example.com", "the port :8080 and everything behind the host"],
    [" wiki.example.com", "wiki.example.com", "the spaces or quotes around it"],
    ["wiki.example.com\n", "wiki.example.com", "the spaces or quotes around it"],
    ["Host(`wiki.example.com`)", "wiki.example.com", "the spaces or quotes around it"],
    ["https://*.example.com", "*.example.com", "the scheme https://"],
    ["https://bücher.example", "xn--bcher-kva.example", "the scheme https://"],
    ["localhost:3000", "localhost", "the port :3000"],
  ])("%j names %s as what was meant", (typed, meant, surplus) => {
    const message = ofHost(typed);
    expect(message).toContain(`Use "${meant}".`);
    expect(message).toContain(surplus);
  });

  test.each([
    ["my_wiki.example.com", 'Use "my-wiki.example.com".'],
    ["wiki.*.example.com", "whole first part, as in *.example.com"],
    ["wiki*.example.com", "whole first part"],
    ["*.com", "two parts behind it"],
    ["*", "first part"],
    ["192.0.2.7", "IP address"],
    ["http://192.0.2.7/", "cannot be the host"],
    ["wiki..example.com", "1 to 63"],
    ["-wiki.example.com", "no hyphen"],
    ["wi ki.example.com", "has a character"],
    ["", "it is empty"],
  ])("%j is explained", (typed, part) => {
    expect(ofHost(typed)).toContain(part);
  });

  test("a path is led to the input for paths", () => {
    expect(ofHost("https://wiki.example.com/admin")).toContain("A path belongs into pathPrefix.");
    expect(ofHost("https://wiki.example.com/")).not.toContain("pathPrefix");
  });

  test("a password in a pasted URL is not repeated", () => {
    for (const typed of ["https://ada:Kt7m-Qz4x@wiki.example.com/", "ada:Kt7m-Qz4x@wiki.example.com"]) {
      expect(ofHost(typed)).toContain('Use "wiki.example.com".');
      expect(ofHost(typed)).toContain("the user name and password");
      expect(ofHost(typed)).not.toContain("Kt7m");
      expect(ofUpstream(typed)).not.toContain("Kt7m");
    }
    expect(ofUpstream("http://ada:Kt7m-Qz4x@10.0.0.5:8080")).not.toContain("Kt7m");
  });
});

describe("the message for an upstream that cannot be used", () => {
  test.each([
    ["10.0.0.5:8080", 'has no scheme. Use "http://10.0.0.5:8080", or "https://10.0.0.5:8080"'],
    ["wiki.internal", 'has no scheme. Use "http://wiki.internal"'],
    [" 10.0.0.5:8080 ", 'Use "http://10.0.0.5:8080"'],
    ["http://10.0.0.5:8080 ", 'leave out the spaces or quotes around it. Use "http://10.0.0.5:8080".'],
    ["http://10.0.0.5:8080/wiki", 'leave out everything behind the host. Use "http://10.0.0.5:8080".'],
    ["http://ada:x@10.0.0.5", 'leave out the user name and password. Use "http://10.0.0.5".'],
    ["http://10.0.0.5:99999", "a number from 1 to 65535"],
    ["ftp://10.0.0.5", "Give http://host:port"],
    ["tcp://10.0.0.5:80", "Give http://host:port"],
    ["//10.0.0.5:80", "Give http://host:port"],
  ])("%j: %s", (typed, part) => {
    expect(ofUpstream(typed)).toContain(part);
  });

  test("every other rule that it breaks has a reason, and the value", () => {
    expect(upstreamMessage("http://169.254.169.254", "upstream_metadata")).toMatch(/"http:\/\/169\.254.*credentials/);
    expect(upstreamMessage("http://nas.example", "upstream_unresolved")).toContain("DNS has no address");
  });
});

test("the message for a path prefix names the value and the rule", () => {
  const parsed = parsePathPrefix("admin");
  if (parsed.ok) throw new Error("a path prefix");
  expect(pathMessage("admin", parsed.problem)).toBe(
    '"admin" cannot be a path prefix: it starts with a slash, as in /admin.',
  );
});

test("any text gives a message of one printable line, of bounded length", () => {
  const anyText = fc.oneof(fc.string({ unit: "binary", maxLength: 400 }), fc.webUrl({ withFragments: true }));
  fc.assert(
    fc.property(anyText, (text) => {
      const host = parseHost(text);
      const upstream = parseUpstream(text);
      const messages = [
        ...(host.ok ? [] : [hostMessage(text, host.problem)]),
        ...(upstream.ok ? [] : [upstreamMessage(text, upstream.problem)]),
      ];
      for (const message of messages) {
        expect(message).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
        expect(message.length).toBeLessThan(2_000);
        expect(message).toMatch(/\.$/);
      }
    }),
    { numRuns: 200 },
  );
});
