import { describe, expect, it } from "vitest";
import { hostRule, routeRule } from "#src/traefik/compiler/rule";
import { hostsOfRule, mayMatchHost } from "#src/traefik/schema/hosts-of-rule";

describe("the hosts of a rule", () => {
  it.each<[string, "any" | string[]]>([
    ["Host(`Wiki.example.org`)", ["wiki.example.org"]],
    ['host(`a`) || HOST("b.")', ["a", "b"]],
    ["Host(`a`) && PathPrefix(`/x`)", ["a"]],
    ["PathPrefix(`/x`) && (Host(`a`) || Host(`b`))", ["a", "b"]],
    ["Host(`a`) && (Path(`/x`) || PathPrefix(`/x/`)) || Host(`b`)", ["a", "b"]],
    ["Host(`*.example.org`)", ["*.example.org"]],
    ["HostSNI(`db.example.org`)", ["db.example.org"]],
    ["Host(`a`, `b`)", ["a", "b"]],
    ["HostRegexp(`^[^.]+\\.example\\.org\\.?$`)", ["*.example.org"]],
    ["HostRegexp(`^wiki\\.example\\.org$`)", ["wiki.example.org"]],
  ])("hostsOfRule reads the hosts from %s", (rule, hosts) => {
    expect(hostsOfRule(rule)).toEqual(hosts);
  });

  it.each([
    "",
    "PathPrefix(`/`)",
    "Host(`*`)",
    "HostSNI(`*`)",
    "!Host(`a`)",
    "!(!Host(`a`))",
    "Host(`a`) || PathPrefix(`/x`)",
    "Host(`a`) || !Path(`/x`)",
    "HostRegexp(`.+`)",
    "HostRegexp(`wiki\\.example\\.org$`)",
    "HostRegexp(`^wiki.example.org$`)",
    "HostRegexp(`^a$|^b$`)",
    "Host()",
    "Host(`a`",
    "Host(`a`) && ",
    "Host(`a`) /* or */ || Host(`b`)",
    'Host("a\\x2eb")',
    "Host(`a`) Host(`b`)",
    "Host(`a`)(`b`)",
  ])("hostsOfRule returns any for %s", (rule) => {
    expect(hostsOfRule(rule)).toBe("any");
  });

  it("hostsOfRule reads all hosts of a rule of 20,000 hosts", () => {
    const hosts = Array.from({ length: 20_000 }, (_, at) => `h${at}.example`);
    expect(hostsOfRule(hosts.map((host) => `Host(\`${host}\`)`).join(" || "))).toEqual(hosts);
  });

  it.each([
    ["!", ""],
    ["(", ")"],
  ])("hostsOfRule reads a host inside 100 levels of %s, and returns any inside 100,000", (open, close) => {
    const within = (levels: number) => hostsOfRule(`${open.repeat(levels)}Host(\`a\`)${close.repeat(levels)}`);
    expect(within(100)).toEqual(open === "!" ? "any" : ["a"]);
    expect(within(100_000)).toBe("any");
  });

  it("hostsOfRule reads the hosts back from Portcullis's own rules", () => {
    expect(hostsOfRule(hostRule("wiki.example.org"))).toEqual(["wiki.example.org"]);
    expect(hostsOfRule(routeRule("*.example.org", "/a"))).toEqual(["*.example.org"]);
    expect(hostsOfRule([hostRule("a.example"), hostRule("*.b.example")].join(" || "))).toEqual([
      "a.example",
      "*.b.example",
    ]);
  });

  it("mayMatchHost compares wildcards of one label in both directions", () => {
    expect(mayMatchHost("Host(`a.example.org`)", "*.example.org")).toBe(true);
    expect(mayMatchHost("Host(`*.example.org`)", "A.example.org")).toBe(true);
    expect(mayMatchHost("Host(`*.example.org`)", "a.b.example.org")).toBe(false);
    expect(mayMatchHost("Host(`a.b.example.org`)", "*.example.org")).toBe(false);
    expect(mayMatchHost("Host(`example.org`)", "*.example.org")).toBe(false);
    expect(mayMatchHost("Host(`other.org`)", "example.org")).toBe(false);
    expect(mayMatchHost("PathPrefix(`/`)", "example.org")).toBe(true);
  });
});
