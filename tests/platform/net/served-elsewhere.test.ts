import { expect, test } from "vitest";
import { type HostAnswer, servedElsewhere } from "../../../src/platform/net/served-elsewhere";

const host = "wiki.example.org";
const randomNames = ["p0000000.invalid", "p1111111.invalid"] as const;

const answer = (status: number, headers: Record<string, string> = {}, tagged = false): HostAnswer => ({
  status,
  headers,
  tagged,
});
const seen = (asked: HostAnswer, one: HostAnswer, other: HostAnswer = one) =>
  servedElsewhere({ name: host, answer: asked }, [
    { name: randomNames[0], answer: one },
    { name: randomNames[1], answer: other },
  ]);
const notFound = answer(404, { "content-type": "text/plain", "content-length": "19" });

test("a host that gets what random names get is served by nobody", () => {
  expect(seen(notFound, notFound)).toBeNull();
});

test.each<[string, HostAnswer]>([
  ["another status", answer(200, { server: "nginx" })],
  ["a refusal without a tag", answer(401, { server: "nginx", "www-authenticate": "Basic" })],
  ["the same status of another server", answer(404, { ...notFound.headers, server: "nginx" })],
  ["a page of another length", answer(404, { ...notFound.headers, "content-length": "512" })],
])("%s means that somebody else serves the host", (_, asked) => {
  expect(seen(asked, notFound)).toEqual({ status: asked.status, server: asked.headers.server ?? null });
});

test("an answer with a tag is one that Portcullis compiled: a delivery may be under way", () => {
  for (const status of [200, 401, 403, 418]) expect(seen(answer(status, {}, true), notFound)).toBeNull();
});

test("a redirect of the whole entry point, which repeats the name, is no difference", () => {
  const redirect = (name: string) => answer(308, { location: `https://${name}/` });
  expect(seen(redirect(host), redirect(randomNames[0]), redirect(randomNames[1]))).toBeNull();
  expect(
    seen(answer(308, { location: "https://elsewhere.example/" }), redirect(randomNames[0]), redirect(randomNames[1])),
  ).not.toBeNull();
});

test("what differs between two random names says nothing of the host", () => {
  const counted = (etag: string) => answer(200, { server: "catch-all", etag });
  expect(seen(counted('"3"'), counted('"1"'), counted('"2"'))).toBeNull();
  expect(seen(answer(200), answer(200), answer(503))).toBeNull();
  expect(seen(answer(200, { server: "nginx" }), counted('"1"'), counted('"2"'))).toEqual({
    status: 200,
    server: "nginx",
  });
});

test("of what was seen, a message gets one printable line", () => {
  const { server } = seen(answer(200, { server: `ng\u0000inx${"x".repeat(500)}` }), notFound) ?? {};
  expect(server).toMatch(/^nginx{1,56}$/);
});
