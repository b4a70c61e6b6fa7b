import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { Hono } from "hono";
import { expect, test } from "vitest";
import type { Environment } from "#src/http/environment";
import { compression, weightsOf } from "#src/http/rules/compression";

const text = (length: number) => JSON.stringify({ name: "ab".repeat(length / 2) }).slice(0, length);

function appWith(response: () => Response, isForbidden?: () => boolean) {
  const app = new Hono<Environment>().all("/", compression(isForbidden), response);
  return (accepted: string | null, method = "GET") =>
    app.fetch(new Request("http://x/", { method, headers: accepted === null ? {} : { "accept-encoding": accepted } }), {
      parts: null,
      peer: { ip: null },
      exchange: null,
    });
}
const json = (length: number, headers: Record<string, string> = {}) =>
  new Response(text(length), { headers: { "content-type": "application/json", ...headers } });

test.each([
  ["gzip", { gzip: 1, br: 0 }],
  ["x-gzip", { gzip: 1, br: 0 }],
  ["GZIP;Q=0.5 , br ; q=0.25", { gzip: 0.5, br: 0.25 }],
  ["*", { gzip: 1, br: 1 }],
  ["*;q=0", { gzip: 0, br: 0 }],
  ["br;q=0, *;q=0.1", { gzip: 0.1, br: 0 }],
  ["gzip;q=0", { gzip: 0, br: 0 }],
  ["identity, gzip;q=0.5", { gzip: 0, br: 0 }],
  ["identity;q=0.5, gzip", { gzip: 1, br: 0 }],
  ["", { gzip: 0, br: 0 }],
  ["gzip;q=2, br;q=-1, br;q=0.00001, ;;, gzip;gzip", { gzip: 0, br: 0 }],
  [`${"a,".repeat(5_000)}gzip`, { gzip: 1, br: 0 }],
])("reads the header %j", (accepted, weights) => {
  expect(weightsOf(accepted)).toEqual(weights);
});

test("a body of 1 kB is compressed with gzip, and a large one with brotli if the caller accepts both", async () => {
  const small = await appWith(() => json(2_000))("gzip, deflate, br");
  expect(small.headers.get("content-encoding")).toBe("gzip");
  expect(gunzipSync(await small.arrayBuffer()).toString()).toBe(text(2_000));
  const large = await appWith(() => json(20_000))("gzip, deflate, br");
  expect(large.headers.get("content-encoding")).toBe("br");
  expect(brotliDecompressSync(await large.arrayBuffer()).toString()).toBe(text(20_000));
  const preferred = await appWith(() => json(20_000))("gzip, br;q=0.9");
  expect(preferred.headers.get("content-encoding")).toBe("gzip");
});

test("a small body stays as it is, and every compressible response varies by the header", async () => {
  for (const [length, accepted] of [
    [1_023, "gzip"],
    [5_000, null],
    [5_000, "deflate"],
  ] as const) {
    const response = await appWith(() => json(length, { "x-own": "1" }))(accepted);
    expect([response.headers.get("content-encoding"), response.headers.get("vary")]).toEqual([null, "accept-encoding"]);
    expect([await response.text(), response.headers.get("x-own")]).toEqual([text(length), "1"]);
  }
});

test("status, cookies and other headers of a compressed response stay", async () => {
  const headers = new Headers({ "content-type": "application/json", "content-length": "5000", vary: "origin" });
  headers.append("set-cookie", "a=1");
  headers.append("set-cookie", "b=2");
  const response = await appWith(() => new Response(text(5_000), { status: 201, headers }))("gzip");
  expect(response.status).toBe(201);
  expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  expect([response.headers.get("content-length"), response.headers.get("vary")]).toEqual([
    null,
    "origin, accept-encoding",
  ]);
});

test("HEAD has the headers of the body as it is", async () => {
  const response = await appWith(() => json(5_000))("gzip", "HEAD");
  expect([response.headers.get("content-encoding"), response.headers.get("vary")]).toEqual([null, "accept-encoding"]);
});

test.each<[string, () => Response, (() => boolean)?]>([
  ["with a secret", () => json(5_000), () => true],
  ["with an entity tag", () => json(5_000, { etag: '"1"' })],
  ["that is compressed already", () => json(5_000, { "content-encoding": "gzip" })],
  ["with events", () => new Response(text(5_000), { headers: { "content-type": "text/event-stream" } })],
  ["with an image", () => new Response(text(5_000), { headers: { "content-type": "image/png" } })],
])("a response %s stays as it is", async (_title, response, isForbidden) => {
  const answered = await appWith(response, isForbidden)("gzip, br");
  expect(answered.headers.get("vary")).toBeNull();
  expect(await answered.text()).toBe(text(5_000));
});

test("a download is compressed as a stream, and its error ends it", async () => {
  const headers = { "content-type": "text/csv", "content-disposition": "attachment" };
  const parts = ["a,b\n".repeat(1_000), "c,d\n".repeat(1_000)];
  const download = await appWith(() => new Response(streamOf(parts), { headers }))("gzip, br");
  expect(download.headers.get("content-encoding")).toBe("gzip");
  expect(gunzipSync(await download.arrayBuffer()).toString()).toBe(parts.join(""));
  const failing = new ReadableStream({ pull: (controller) => controller.error(new Error("lost")) });
  const failed = await appWith(() => new Response(failing, { headers }))("gzip");
  await expect(failed.arrayBuffer()).rejects.toThrow("lost");
});

function streamOf(parts: readonly string[]): ReadableStream<Uint8Array> {
  const left = [...parts];
  return new ReadableStream({
    pull(controller) {
      const part = left.shift();
      if (part === undefined) controller.close();
      else controller.enqueue(new TextEncoder().encode(part));
    },
  });
}
