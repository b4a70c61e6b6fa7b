import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hostsOverlap, parseHost } from "#src/platform/net/host-names";

const accepted: [string, string][] = [
  ["a.org", "a.org"],
  ["localhost", "localhost"],
  ["wiki.localhost", "wiki.localhost"],
  ["intranet", "intranet"],
  ["WWW.Example.ORG", "www.example.org"],
  ["example.org.", "example.org"],
  ["1.example", "1.example"],
  ["3com.example", "3com.example"],
  ["a--b.org", "a--b.org"],
  ["r3---sn.example", "r3---sn.example"],
  ["ＥＸＡＭＰＬＥ．ｏｒｇ", "example.org"],
  ["example。org", "example.org"],
  ["example．org｡", "example.org"],
  ["ⓐ.org", "a.org"],
  ["bücher.example", "xn--bcher-kva.example"],
  ["BÜCHER.example", "xn--bcher-kva.example"],
  ["bu\u0308cher.example", "xn--bcher-kva.example"],
  ["XN--BCHER-KVA.example", "xn--bcher-kva.example"],
  ["straße.example", "xn--strae-oqa.example"],
  ["раypal.example", "xn--ypal-43d9g.example"],
  ["💩.example", "xn--ls8h.example"],
  ["例え.テスト", "xn--r8jz45g.xn--zckzah"],
  ["*.a.org", "*.a.org"],
  ["*.BÜCHER.example.", "*.xn--bcher-kva.example"],
  ["*.localhost", "*.localhost"],
  ["*.LOCALHOST.", "*.localhost"],
  [`${"a".repeat(63)}.org`, `${"a".repeat(63)}.org`],
  [`${"a.".repeat(126)}a.`, `${"a.".repeat(126)}a`],
];

const refusals: [string, string][] = [
  ["", "host_empty"],
  [".", "host_bad_label"],
  ["..", "host_bad_label"],
  [".a.org", "host_bad_label"],
  ["a..org", "host_bad_label"],
  ["a.org..", "host_bad_label"],
  ["-a.org", "host_bad_label"],
  ["a-.org", "host_bad_label"],
  [`${"a".repeat(64)}.org`, "host_bad_label"],
  [`${"é".repeat(63)}.org`, "host_bad_label"],
  ["xn--a-.org", "host_bad_label"],
  ["xn--.org", "host_bad_label"],
  ["xn--a-jfa.org", "host_bad_label"], // Üa, which is not in lower case
  ["xn--x-sy8h.org", "host_bad_label"], // a ligature
  ["xn--bucher-xyd.org", "host_bad_label"], // ü as two characters
  ["xn--ab-r13a.org", "host_bad_label"], // a full-width dot inside a label
  ["xn--ab-5da.org", "host_bad_label"], // a soft hyphen
  ["xn--zzzzzzzzzzz.org", "host_bad_label"],
  ["a\u200db.org", "host_bad_label"],
  ["\u0301a.org", "host_bad_label"],
  ["אa.org", "host_bad_label"],
  ["a／b.org", "host_bad_label"],
  ["a：80", "host_bad_label"],
  ["a＿b.org", "host_bad_label"],
  ["＊.a.org", "host_bad_label"],
  ["a％2eb.org", "host_bad_label"],
  [`${"a.".repeat(126)}aa`, "host_too_long"],
  [`*.${"a.".repeat(126)}a`, "host_too_long"],
  ["a".repeat(5_000), "host_too_long"],
  ["*", "host_wildcard_misplaced"],
  ["*a.org", "host_wildcard_misplaced"],
  ["a*.org", "host_wildcard_misplaced"],
  ["a.*.org", "host_wildcard_misplaced"],
  ["*.*.org", "host_wildcard_misplaced"],
  ["**.a.org", "host_wildcard_misplaced"],
  ["*.org", "host_wildcard_too_wide"],
  ["*.intranet", "host_wildcard_too_wide"],
  ["*.", "host_bad_label"],
  ["127.0.0.1", "host_ip_address"],
  ["127.0.0.1.", "host_ip_address"],
  ["１２７.0.0.1", "host_ip_address"],
  ["2130706433", "host_ip_address"],
  ["0x7f.1", "host_ip_address"],
  ["1.2.3", "host_ip_address"],
  ["*.0.0.1", "host_ip_address"],
  ["[::1]", "host_bad_character"],
  ["::1", "host_bad_character"],
  ["a.org:80", "host_bad_character"],
  ["a.org/path", "host_bad_character"],
  ["https://a.org", "host_bad_character"],
  ["ada@a.org", "host_bad_character"],
  ["a.org?x", "host_bad_character"],
  ["a.org#x", "host_bad_character"],
  ["a\\b.org", "host_bad_character"],
  ["a%2eorg", "host_bad_character"],
  ["a_b.org", "host_bad_character"],
  ["a.org`) || Host(`b.org", "host_bad_character"],
  ['a".org', "host_bad_character"],
  ["a'.org", "host_bad_character"],
  ['{{ env "HOME" }}.org', "host_bad_character"],
  ["{{.org", "host_bad_character"],
  ["a║b.org", "host_bad_character"],
  [" a.org", "host_bad_character"],
  ["a.org ", "host_bad_character"],
  ["a.org\n", "host_bad_character"],
  ["a\tb.org", "host_bad_character"],
  ["a\u0000.org", "host_bad_character"],
  ["a\u00adb.org", "host_bad_character"],
  ["a\u200bb.org", "host_bad_character"],
  ["a\u202eb.org", "host_bad_character"],
  ["a\u00a0b.org", "host_bad_character"],
  ["a\ud800.org", "host_bad_character"],
];

describe("a host name (ADR-4)", () => {
  it.each(accepted)("the host %j has the normal form %j", (typed, host) => {
    expect(parseHost(typed)).toEqual({ ok: true, host, wildcard: host.startsWith("*.") });
  });

  it.each(refusals)("the host %j is refused with %s", (typed, problem) => {
    expect(parseHost(typed)).toEqual({ ok: false, problem });
  });

  const nearlyHosts = fc
    .array(
      fc.oneof(
        fc.domain(),
        fc.stringMatching(/^[a-zA-Z0-9-]{1,8}$/),
        fc.string({ unit: "grapheme", maxLength: 6 }),
        fc.constantFrom("*", "xn--bcher-kva", "XN--LS8H", "bücher", "0x7f", "1", "", "localhost"),
      ),
      { minLength: 1, maxLength: 5 },
    )
    .map((labels) => labels.join("."));

  it("a host in normal form is its own normal form, and is safe in a rule", () => {
    fc.assert(
      fc.property(fc.oneof(nearlyHosts, fc.domain(), fc.string({ unit: "binary" })), (text) => {
        const parsed = parseHost(text);
        if (!parsed.ok) return;
        expect(parseHost(parsed.host)).toEqual(parsed);
        expect(parseHost(parsed.host.toUpperCase())).toEqual(parsed);
        expect(parseHost(`${parsed.host}.`)).toEqual(parsed);
        expect(parsed.host).toMatch(/^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*$/);
        expect(parsed.host.length).toBeLessThanOrEqual(253);
        expect(new URL(`http://${parsed.host.replace("*", "x")}/`).hostname).toBe(parsed.host.replace("*", "x"));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("two hosts overlap", () => {
  it.each([
    ["a.org", "a.org", true],
    ["*.a.org", "*.a.org", true],
    ["*.a.org", "x.a.org", true],
    ["*.a.org", "xn--bcher-kva.a.org", true],
    ["*.localhost", "wiki.localhost", true],
    ["*.a.org", "a.org", false],
    ["*.a.org", "x.y.a.org", false],
    ["*.a.org", "xa.org", false],
    ["*.a.org", "*.b.a.org", false],
    ["*.a.org", "*.x.a.org", false],
    ["*.a.org", "x.b.org", false],
    ["a.org", "b.org", false],
    ["localhost", "*.localhost", false],
    ["localhost", "a.localhost", false],
  ])("whether the hosts %s and %s overlap: %s", (a, b, overlap) => {
    expect(hostsOverlap(a, b)).toBe(overlap);
    expect(hostsOverlap(b, a)).toBe(overlap);
  });

  it("two hosts overlap exactly if a name belongs to both, in either order", () => {
    const labels = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 2, maxLength: 4 });
    const hosts = fc.tuple(fc.boolean(), labels).map(([wild, parts]) => `${wild ? "*." : ""}${parts.join(".")}`);
    const namesOf = (host: string) => ["a", "b", "c", "q"].map((first) => host.replace("*", first));
    fc.assert(
      fc.property(hosts, hosts, (a, b) => {
        const shared = namesOf(a).some((name) => namesOf(b).includes(name));
        expect(hostsOverlap(a, b)).toBe(shared);
        expect(hostsOverlap(b, a)).toBe(shared);
      }),
      { numRuns: 1_000 },
    );
  });
});
