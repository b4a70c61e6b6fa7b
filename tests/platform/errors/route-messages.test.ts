import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hostMessage, pathMessage, upstreamMessage } from "#src/platform/errors/route-messages";
import { parseHost } from "#src/platform/net/host-names";
import { parsePathPrefix } from "#src/platform/net/path-prefixes";
import { parseUpstream } from "#src/platform/net/upstreams";

function messageForHost(text: string): string {
  const parsed = parseHost(text);
  if (parsed.ok) throw new Error(`${text} is a host`);
  return hostMessage(text, parsed.problem);
}

function messageForUpstream(text: string): string {
  const parsed = parseUpstream(text);
  if (parsed.ok) throw new Error(`${text} is an upstream`);
  return upstreamMessage(text, parsed.problem);
}

describe("hostMessage", () => {
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
  ])("the message for the invalid host %j suggests %s", (typed, suggestion, surplus) => {
    const message = messageForHost(typed);
    expect(message).toContain(`Use "${suggestion}".`);
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
  ])("the message for the invalid host %j explains the problem", (typed, part) => {
    expect(messageForHost(typed)).toContain(part);
  });

  test("the message for a host with a path refers to pathPrefix", () => {
    expect(messageForHost("https://wiki.example.com/admin")).toContain("A path belongs into pathPrefix.");
    expect(messageForHost("https://wiki.example.com/")).not.toContain("pathPrefix");
  });

  test("the message for a pasted URL does not repeat its password", () => {
    for (const typed of ["https://ada:Kt7m-Qz4x@wiki.example.com/", "ada:Kt7m-Qz4x@wiki.example.com"]) {
      expect(messageForHost(typed)).toContain('Use "wiki.example.com".');
      expect(messageForHost(typed)).toContain("the user name and password");
      expect(messageForHost(typed)).not.toContain("Kt7m");
      expect(messageForUpstream(typed)).not.toContain("Kt7m");
    }
    expect(messageForUpstream("http://ada:Kt7m-Qz4x@10.0.0.5:8080")).not.toContain("Kt7m");
  });
});

describe("upstreamMessage", () => {
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
  ])("the message for the invalid upstream %j contains %j", (typed, part) => {
    expect(messageForUpstream(typed)).toContain(part);
  });

  test("the message for a forbidden upstream contains the value and the reason", () => {
    expect(upstreamMessage("http://169.254.169.254", "upstream_metadata")).toMatch(/"http:\/\/169\.254.*credentials/);
    expect(upstreamMessage("http://nas.example", "upstream_unresolved")).toContain("DNS has no address");
  });
});

test("the message for a path prefix contains the value and the rule", () => {
  const parsed = parsePathPrefix("admin");
  if (parsed.ok) throw new Error("a path prefix");
  expect(pathMessage("admin", parsed.problem)).toBe(
    '"admin" cannot be a path prefix: it starts with a slash, as in /admin.',
  );
});

test("every invalid text gives a message of one printable line with bounded length", () => {
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
