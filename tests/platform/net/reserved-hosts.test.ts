import { describe, expect, test } from "vitest";
import { parseHost } from "#src/platform/net/host-names";
import { hostOfOrigin, type ReservedFor, reservedFor } from "#src/platform/net/reserved-hosts";

/** Brings the typed host to its normal form first, as a request does. */
function reserved(typed: string, origin = "https://portcullis.example.org"): ReservedFor | null {
  const parsed = parseHost(typed);
  if (!parsed.ok) throw new Error(`${typed}: ${parsed.problem}`);
  return reservedFor(parsed.host, hostOfOrigin(origin));
}

describe("the host of the control plane's own address", () => {
  test.each([
    "portcullis.example.org",
    "PORTCULLIS.Example.ORG",
    "portcullis.example.org.",
    "ｐortcullis.example.org",
    "*.example.org",
  ])("the control plane's own host cannot be claimed as %s", (typed) => {
    expect(reserved(typed)).toBe("control_plane");
  });

  test.each([
    "example.org",
    "wiki.example.org",
    "*.portcullis.example.org",
    "a.portcullis.example.org",
    "*.example.net",
  ])("%s can be claimed next to the control plane's own host", (typed) => {
    expect(reserved(typed)).toBeNull();
  });

  test.each([
    ["https://portcullis.example.org:8443", "portcullis.example.org"],
    ["http://PORTCULLIS.example.org.:3000", "portcullis.example.org"],
    ["https://bücher.example", "bücher.example"],
    ["https://bücher.example", "xn--bcher-kva.example"],
    ["http://portcullis:3000", "portcullis"],
    ["http://portcullis.localhost:3000", "*.localhost"],
  ])("a control plane at %s reserves %s", (origin, typed) => {
    expect(reserved(typed, origin)).toBe("control_plane");
  });

  test.each(["http://127.0.0.1:3000", "http://[::1]:3000", "https://192.0.2.7"])(
    "a control plane whose host is an address (%s) reserves no name",
    (origin) => {
      expect(hostOfOrigin(origin)).toBeNull();
      expect(reserved("wiki.example.org", origin)).toBeNull();
    },
  );
});

test.each(["localhost", "LocalHost.", "localhost.localdomain", "ip6-localhost", "ip6-loopback"])(
  "%s cannot be claimed, because it names the local machine",
  (typed) => {
    expect(reserved(typed)).toBe("loopback");
  },
);

test.each([
  "com",
  "ORG.",
  "uk",
  "de",
  "arpa",
  "рф",
  "co.uk",
  "CO.UK.",
  "*.co.uk",
  "com.au",
  "k12.ca.us",
  "公司.cn",
  "*.公司.cn",
  "foo.ck",
  "*.foo.ck",
  "a.kobe.jp",
  "*.kobe.jp",
  "in-addr.arpa",
])("the public suffix %s cannot be claimed", (typed) => {
  expect(reserved(typed)).toBe("public_suffix");
});

test.each([
  "wiki",
  "grafana",
  "db",
  "intranet",
  "wiki.localhost",
  "*.localhost",
  "*.apps.localhost",
  "wiki.lan",
  "home.arpa",
  "*.home.arpa",
  "corp.internal",
  "*.corp.internal",
  "example.co.uk",
  "*.example.co.uk",
  "github.io",
  "*.github.io",
  "ada.github.io",
  "www.ck",
  "city.kobe.jp",
])("%s can be claimed", (typed) => {
  expect(reserved(typed)).toBeNull();
});
