import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  judgeUpstream,
  parseUpstream,
  type Upstream,
  type UpstreamRules,
  upstreamClaimKeys,
} from "#src/platform/net/upstreams";

function read(url: string): Upstream {
  const parsed = parseUpstream(url);
  if (!parsed.ok) throw new Error(`${url}: ${parsed.problem}`);
  return parsed.upstream;
}

const accepted: [string, Partial<Upstream>][] = [
  ["http://a.org", { url: "http://a.org", scheme: "http", host: "a.org", port: 80, address: null }],
  ["HTTPS://A.ORG:443/", { url: "https://a.org", scheme: "https", host: "a.org", port: 443 }],
  ["https://a.org:80", { url: "https://a.org:80", port: 80 }],
  ["http://a.org.:8080", { url: "http://a.org:8080", host: "a.org" }],
  ["http://my_app:3000", { url: "http://my_app:3000", host: "my_app" }],
  ["http://bücher.example", { url: "http://xn--bcher-kva.example" }],
  ["http://a:08080", { url: "http://a:8080" }],
  ["http://127.0.0.1:3000", { url: "http://127.0.0.1:3000", address: "127.0.0.1" }],
  ["http://0x7f.1", { url: "http://127.0.0.1", address: "127.0.0.1" }],
  ["http://2130706433", { url: "http://127.0.0.1" }],
  ["http://0177.0.0.1", { url: "http://127.0.0.1" }],
  ["http://127.1.", { url: "http://127.0.0.1" }],
  ["http://１２７.0.0.1", { url: "http://127.0.0.1" }],
  ["http://[::1]:80", { url: "http://[::1]", host: "::1", address: "::1" }],
  ["http://[0:0::0:1]", { url: "http://[::1]" }],
  ["http://[::ffff:127.0.0.1]", { url: "http://[::ffff:7f00:1]", address: "127.0.0.1" }],
  ["http://[64:ff9b::10.0.0.1]", { url: "http://[64:ff9b::a00:1]", address: "10.0.0.1" }],
];

const refusals: [string, string][] = [
  ["", "upstream_malformed"],
  ["a.org", "upstream_malformed"],
  ["a.org:80", "upstream_malformed"],
  ["//a.org", "upstream_malformed"],
  ["http:a.org", "upstream_malformed"],
  ["http:///a.org", "upstream_malformed"],
  ["http://", "upstream_malformed"],
  ["ftp://a.org", "upstream_malformed"],
  ["h2c://a.org", "upstream_malformed"],
  ["file:///etc/passwd", "upstream_malformed"],
  ["http://ada@a.org", "upstream_malformed"],
  ["http://ada:x@a.org", "upstream_malformed"],
  ["http://a.org/path", "upstream_malformed"],
  ["http://a.org//", "upstream_malformed"],
  ["http://a.org?x", "upstream_malformed"],
  ["http://a.org#x", "upstream_malformed"],
  ["http://a.org\\@b.org", "upstream_malformed"],
  ["http://a%2eorg", "upstream_malformed"],
  ["http://a.org:", "upstream_malformed"],
  ["http://a.org:http", "upstream_malformed"],
  ["http://a.org:123456", "upstream_malformed"],
  [" http://a.org", "upstream_malformed"],
  ["http://a.org\n", "upstream_malformed"],
  ["http://a\tb.org", "upstream_malformed"],
  ["http://a\u00adb.org", "upstream_malformed"],
  ["http://a║b", "upstream_malformed"],
  ['http://{{ env "HOME" }}', "upstream_malformed"],
  ["http://{{x}}", "upstream_malformed"],
  ["http://a`b", "upstream_malformed"],
  ["http://[fe80::1%25eth0]", "upstream_malformed"],
  ["http://[fe80::1%eth0]", "upstream_malformed"],
  ["http://a.org:0", "upstream_bad_port"],
  ["http://a.org:65536", "upstream_bad_port"],
  ["http://a..org", "upstream_bad_host"],
  ["http://.", "upstream_bad_host"],
  ["http://*.a.org", "upstream_bad_host"],
  ["http://-a.org", "upstream_bad_host"],
  ["http://a'b", "upstream_bad_host"],
  ["http://256.1.1.1", "upstream_bad_host"],
  ["http://1.2.3.4.5", "upstream_bad_host"],
  ["http://xn--a", "upstream_bad_host"],
  ["http://[::g]", "upstream_malformed"],
  ["http://[1::2::3]", "upstream_bad_host"],
  [`http://${"a".repeat(64)}`, "upstream_bad_host"],
  [`http://${"a.".repeat(126)}aa`, "upstream_bad_host"],
  [`http://${"a".repeat(3_000)}`, "upstream_malformed"],
];

describe("an upstream", () => {
  it.each(accepted)("the upstream %j is read by the rules of the URL standard", (typed, upstream) => {
    expect(parseUpstream(typed)).toMatchObject({ ok: true, upstream });
  });

  it.each(refusals)("the upstream %j is refused with %s", (typed, problem) => {
    expect(parseUpstream(typed)).toEqual({ ok: false, problem });
  });

  it("an upstream in normal form is its own normal form, and no text causes an error", () => {
    const hosts = fc.oneof(
      fc.domain(),
      fc.ipV4Extended(),
      fc.ipV6().map((address) => `[${address}]`),
      fc.string({ unit: "grapheme", maxLength: 12 }),
    );
    const nearly = fc
      .tuple(
        fc.constantFrom("http", "https", "HTTP"),
        hosts,
        fc.oneof(
          fc.constant(""),
          fc.nat(70_000).map((port) => `:${port}`),
        ),
      )
      .map(([scheme, host, port]) => `${scheme}://${host}${port}`);
    fc.assert(
      fc.property(fc.oneof(nearly, fc.webUrl(), fc.string({ unit: "binary" })), (text) => {
        const parsed = parseUpstream(text);
        if (!parsed.ok) return;
        expect(parseUpstream(parsed.upstream.url)).toEqual(parsed);
        expect(`${new URL(parsed.upstream.url).origin}`).toBe(parsed.upstream.url);
        expect(parsed.upstream.url).toMatch(/^https?:\/\/[a-z0-9_.:[\]-]+$/);
      }),
      { numRuns: 2_000 },
    );
  });
});

const own = ["192.168.7.7", "2001:db8::7", "fe80::7%eth0", "box.lan"];

describe("what is claimed with an upstream", () => {
  it.each([
    "http://127.0.0.1:3000",
    "http://127.8.8.8:3000",
    "http://0x7f.1:3000",
    "http://2130706433:3000",
    "http://localhost:3000",
    "http://LOCALHOST.:3000",
    "http://app.localhost:3000",
    "http://ip6-localhost:3000",
    "http://localhost.localdomain:3000",
    "https://0.0.0.0:3000",
    "http://0:3000",
    "http://[::]:3000",
    "http://[::1]:3000",
    "http://[::ffff:127.0.0.1]:3000",
    "http://[::127.0.0.1]:3000",
    "http://[64:ff9b::127.0.0.1]:3000",
    "http://192.168.7.7:3000",
    "http://[::ffff:192.168.7.7]:3000",
    "http://[2001:db8:0::7]:3000",
    "http://[fe80::7]:3000",
    "http://BOX.lan:3000",
  ])("%s is this machine, and all of its forms share one claim key", (url) => {
    expect(upstreamClaimKeys(read(url), [], own)).toEqual(["loopback:3000"]);
  });

  it("an upstream name claims itself and all of its addresses", () => {
    const upstream = read("https://a.org");
    expect(upstreamClaimKeys(upstream, [], own)).toEqual(["a.org:443"]);
    expect(upstreamClaimKeys(upstream, ["10.0.0.2", "::ffff:10.0.0.2", "2606:4700:0::1", "127.0.0.1"], own)).toEqual([
      "10.0.0.2:443",
      "2606:4700::1:443",
      "a.org:443",
      "loopback:443",
    ]);
  });

  it("an IPv4 address in IPv6 form has the same claim key, and another port has another key", () => {
    expect(upstreamClaimKeys(read("http://[::ffff:10.0.0.2]:81"), [], own)).toEqual(["10.0.0.2:81"]);
    expect(upstreamClaimKeys(read("http://[64:ff9b::a00:2]:81"), [], own)).toEqual(["10.0.0.2:81"]);
    expect(upstreamClaimKeys(read("http://10.0.0.2:82"), [], own)).toEqual(["10.0.0.2:82"]);
  });
});

const forbidden = [
  { host: "127.0.0.1", port: 3000 },
  { host: "0.0.0.0", port: 8000 },
  { host: "10.9.9.9", port: 8001 },
  { host: "Control.Example.org.", port: 443 },
];

const publicAddress = { host: "portcullis.example.org", port: 8443 };

function judge(url: string, mode: UpstreamRules["mode"], resolved: string[] = []): string {
  const judged = judgeUpstream(read(url), { mode, resolved, ownAddresses: own, forbidden, publicAddress });
  return judged.ok ? "ok" : judged.problem;
}

describe("an upstream that may be published (ADR-4, TM-42)", () => {
  it.each([
    // url, addresses of the name, verdict for `any`, verdict for `checked`
    ["http://10.0.0.2", [], "ok", "ok"],
    ["http://1.1.1.1", [], "ok", "ok"],
    ["http://[2606:4700::1]", [], "ok", "ok"],
    ["http://a.org", ["10.0.0.2", "2606:4700::1"], "ok", "ok"],
    ["http://a.org", [], "ok", "upstream_unresolved"],
    ["http://a.org", ["nonsense"], "upstream_unresolved", "upstream_unresolved"],
    ["http://127.0.0.1:9000", [], "ok", "upstream_loopback"],
    ["http://[::ffff:127.0.0.1]:9000", [], "ok", "upstream_loopback"],
    ["http://localhost:9000", [], "ok", "upstream_loopback"],
    ["http://x.localhost:9000", ["10.0.0.2"], "ok", "upstream_loopback"],
    ["http://192.168.7.7:9000", [], "ok", "upstream_loopback"],
    ["http://box.lan:9000", ["10.0.0.2"], "ok", "upstream_loopback"],
    ["http://a.org:9000", ["10.0.0.2", "127.0.0.1"], "ok", "upstream_loopback"],
    ["http://a.org:9000", ["10.0.0.2", "192.168.7.7"], "ok", "upstream_loopback"],
    ["http://BOX.lan.:9000", ["10.0.0.2"], "ok", "upstream_loopback"],
    ["http://host.docker.internal:9000", ["10.0.0.2"], "ok", "upstream_loopback"],
    ["http://Host.Containers.Internal.:9000", ["10.0.0.2"], "ok", "upstream_loopback"],
    ["http://box.lan:3000", ["10.0.0.2"], "upstream_control_plane", "upstream_control_plane"],
    ["http://host.docker.internal:8000", [], "upstream_control_plane", "upstream_control_plane"],
    ["https://portcullis.example.org:8443", ["1.1.1.1"], "upstream_control_plane", "upstream_control_plane"],
    ["https://PORTCULLIS.example.org.:8443", ["1.1.1.1"], "upstream_control_plane", "upstream_control_plane"],
    ["https://portcullis.example.org", ["1.1.1.1"], "ok", "ok"],
    ["http://0.0.0.0:9000", [], "ok", "upstream_unspecified"],
    ["http://[::]:9000", [], "ok", "upstream_unspecified"],
    ["http://a.org:9000", ["::"], "ok", "upstream_unspecified"],
    ["http://169.254.1.1", [], "upstream_link_local", "upstream_link_local"],
    ["http://[fe80::1]", [], "upstream_link_local", "upstream_link_local"],
    ["http://a.org", ["10.0.0.2", "169.254.1.1"], "upstream_link_local", "upstream_link_local"],
    ["http://169.254.169.254", [], "upstream_metadata", "upstream_metadata"],
    ["http://2852039166", [], "upstream_metadata", "upstream_metadata"],
    ["http://[::ffff:a9fe:a9fe]", [], "upstream_metadata", "upstream_metadata"],
    ["http://[2002:a9fe:a9fe::1]", [], "upstream_metadata", "upstream_metadata"],
    ["http://[fd00:ec2::254]", [], "upstream_metadata", "upstream_metadata"],
    ["http://100.100.100.200", [], "upstream_metadata", "upstream_metadata"],
    ["http://METADATA.google.internal.", ["1.1.1.1"], "upstream_metadata", "upstream_metadata"],
    ["http://a.org", ["64:ff9b::a9fe:a9fe"], "upstream_metadata", "upstream_metadata"],
    ["http://224.0.0.1", [], "upstream_multicast", "upstream_multicast"],
    ["http://[ff02::1]", [], "upstream_multicast", "upstream_multicast"],
    ["http://255.255.255.255", [], "upstream_multicast", "upstream_multicast"],
    ["http://127.0.0.1:3000", [], "upstream_control_plane", "upstream_control_plane"],
    ["http://localhost:3000", [], "upstream_control_plane", "upstream_control_plane"],
    ["https://127.3.4.5:8000", [], "upstream_control_plane", "upstream_control_plane"],
    ["http://[::]:8000", [], "upstream_control_plane", "upstream_control_plane"],
    ["http://[2001:db8::7]:3000", [], "upstream_control_plane", "upstream_control_plane"],
    ["http://a.org:3000", ["127.0.0.1"], "upstream_control_plane", "upstream_control_plane"],
    ["http://10.9.9.9:8001", [], "upstream_control_plane", "upstream_control_plane"],
    ["http://localhost:8001", [], "upstream_control_plane", "upstream_control_plane"],
    ["http://a.org:8001", ["::ffff:10.9.9.9"], "upstream_control_plane", "upstream_control_plane"],
    ["https://control.example.org", ["1.1.1.1"], "upstream_control_plane", "upstream_control_plane"],
    ["http://10.0.0.2:3000", [], "ok", "ok"],
  ])("the upstream %s with the addresses %j is judged %s, and %s in checked mode", (url, resolved, any, checked) => {
    expect([judge(url, "any", resolved), judge(url, "checked", resolved)]).toEqual([any, checked]);
  });
});
