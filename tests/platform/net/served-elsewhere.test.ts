import { expect, test } from "vitest";
import { type HostResponse, servedElsewhere } from "#src/platform/net/served-elsewhere";

const host = "wiki.example.org";
const randomNames = ["p0000000.invalid", "p1111111.invalid"] as const;

const answer = (status: number, headers: Record<string, string> = {}, tagged = false): HostResponse => ({
  status,
  headers,
  tagged,
});
const seen = (asked: HostResponse, one: HostResponse, other: HostResponse = one) =>
  servedElsewhere({ name: host, response: asked }, [
    { name: randomNames[0], response: one },
    { name: randomNames[1], response: other },
  ]);
const notFound = answer(404, { "content-type": "text/plain", "content-length": "19" });

test("a host with the same answer as random names is not served elsewhere", () => {
  expect(seen(notFound, notFound)).toBeNull();
});

test.each<[string, HostResponse]>([
  ["another status", answer(200, { server: "nginx" })],
  ["a refusal without a tag", answer(401, { server: "nginx", "www-authenticate": "Basic" })],
  ["the same status of another server", answer(404, { ...notFound.headers, server: "nginx" })],
  ["a page of another length", answer(404, { ...notFound.headers, "content-length": "512" })],
])("%s means that the host is served elsewhere", (_, asked) => {
  expect(seen(asked, notFound)).toEqual({ status: asked.status, server: asked.headers.server ?? null });
});

test("an answer with a tag is not served elsewhere, because Portcullis compiled it and a delivery may be running", () => {
  for (const status of [200, 401, 403, 418]) expect(seen(answer(status, {}, true), notFound)).toBeNull();
});

test("a redirect of the whole entry point that repeats the name is not served elsewhere", () => {
  const redirect = (name: string) => answer(308, { location: `https://${name}/` });
  expect(seen(redirect(host), redirect(randomNames[0]), redirect(randomNames[1]))).toBeNull();
  expect(
    seen(answer(308, { location: "https://elsewhere.example/" }), redirect(randomNames[0]), redirect(randomNames[1])),
  ).not.toBeNull();
});

test("differences that also occur between two random names are ignored", () => {
  const counted = (etag: string) => answer(200, { server: "catch-all", etag });
  expect(seen(counted('"3"'), counted('"1"'), counted('"2"'))).toBeNull();
  expect(seen(answer(200), answer(200), answer(503))).toBeNull();
  expect(seen(answer(200, { server: "nginx" }), counted('"1"'), counted('"2"'))).toEqual({
    status: 200,
    server: "nginx",
  });
});

test("the observed server name is reduced to one short printable line", () => {
  const { server } = seen(answer(200, { server: `ng\u0000inx${"x".repeat(500)}` }), notFound) ?? {};
  expect(server).toMatch(/^nginx{1,56}$/);
});
