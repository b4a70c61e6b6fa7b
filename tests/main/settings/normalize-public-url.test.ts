import { expect, test } from "vitest";
import { normalizePublicUrl } from "#src/main/settings/normalize-public-url";

test.each([
  ["https://portcullis.example.org", "https://portcullis.example.org"],
  ["HTTPS://Portcullis.Example.ORG", "https://portcullis.example.org"],
  ["https://portcullis.example.org/", "https://portcullis.example.org"],
  ["https://portcullis.example.org///", "https://portcullis.example.org"],
  ["https://portcullis.example.org:443", "https://portcullis.example.org"],
  ["http://portcullis.example.org:80/", "http://portcullis.example.org"],
  ["https://portcullis.example.org:80", "https://portcullis.example.org:80"],
  ["https://portcullis.example.org:8443/", "https://portcullis.example.org:8443"],
  ["https://portcullis.example.org.", "https://portcullis.example.org"],
  ["https://portcullis.example.org.:443/", "https://portcullis.example.org"],
  ["https://bücher.example", "https://xn--bcher-kva.example"],
  ["http://[2001:DB8::1]:3000", "http://[2001:db8::1]:3000"],
  ["http://127.0.0.1:3000", "http://127.0.0.1:3000"],
])("the public URL %s is normalized to %s", (text, origin) => {
  expect(normalizePublicUrl(text)).toEqual({ ok: true, origin });
});

test.each([
  ["https://example.org/portcullis", 'a path ("portcullis")', "https://example.org may be meant"],
  ["https://Example.org:443/a/?b#c", 'a path ("a/?b#c")', "https://example.org may be meant"],
  ["https://example.org?", "a query", "https://example.org may be meant"],
  ["https://example.org/?a=b", 'a query ("?a=b")', "https://example.org may be meant"],
  ["https://example.org#", "a fragment", "https://example.org may be meant"],
  ["https://example.org/#/setup", "a fragment", "https://example.org may be meant"],
  ["https://ada:hunter2@example.org", "a user or a password", "https://example.org may be meant"],
  ["https://@example.org", "a user or a password", "https://example.org may be meant"],
  ["example.org", "must begin with https:// or http://", "https://example.org may be meant"],
  ["example.org:8443", "must begin with https:// or http://", "https://example.org:8443 may be meant"],
  ["//example.org", "must begin with https:// or http://", "https://example.org may be meant"],
  ["https:example.org", "must begin with https:// or http://", ""],
  ["ada:hunter2@example.org", "must begin with https:// or http://", ""],
  ["ftp://example.org", "http or https", ""],
  ["htps://ada:hunter2@example.org", "http or https", ""],
  ["https://", "must be a URL", ""],
  ["https://exa mple.org", "must be a URL", ""],
  ["https:\\\\example.org", "must begin with", ""],
  ["https://example.org\\portcullis", "must be a URL", ""],
  ["https://example.org:99999", "must be a URL", ""],
])("the public URL %s is refused with the problem and a suggestion", (text, problem, suggestion) => {
  const read = normalizePublicUrl(text);
  if (read.ok) throw new Error(read.origin);
  expect(read.problem).toContain(problem);
  expect(read.problem).toContain(suggestion);
  expect(read.problem).not.toContain("hunter2");
  expect(read.problem).not.toContain("\n");
});
