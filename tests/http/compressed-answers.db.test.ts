import { request } from "node:http";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type HttpServer, listen } from "#src/http/server/http-server";
import { insertEnvironment } from "../support/environment";
import { applicationRows } from "../support/rows/applications";
import { registerSecret } from "../support/secrets";
import { type GivenOrganization, given, openWorld, type World } from "../support/world";

let world: World;
let acme: GivenOrganization;
let server: HttpServer;
let key: string;

beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization();
  key = await acme.key("owner");
  server = await listen({ host: "127.0.0.1", port: 0, log: world.runtime.log });
  server.serve({ handler: world.handler, pages: (_request, response) => response.end() });
  const { environmentId } = await insertEnvironment(world, acme);
  const { organizationId, gatewayId } = acme;
  const applications = Array.from({ length: 60 }, () => ({ organizationId, gatewayId, environmentId }));
  await applicationRows.insertAll(world.db.owner, applications);
});
afterAll(async () => {
  await server.close(1_000);
  await world.close();
});

/** Sends one request, without the decompression of `fetch`. */
async function raw(path: string, headers: Record<string, string> = {}, body?: unknown) {
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: Buffer }>((resolve, reject) => {
    const sent = request(
      `http://127.0.0.1:${server.port}${path}`,
      {
        method: body === undefined ? "GET" : "POST",
        headers: { "x-api-key": key, "content-type": "application/json", ...headers },
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("end", () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) });
        });
      },
    );
    sent.on("error", reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

test.each(["/api/v1/applications?limit=50", "/api/trpc/applications.list", "/api/openapi.json"])(
  "%s is compressed, with its length, if the caller accepts it",
  async (path) => {
    const plain = await raw(path);
    const zipped = await raw(path, { "accept-encoding": "gzip" });
    const varies = expect.stringContaining("accept-encoding");
    expect([plain.headers["content-encoding"], plain.headers.vary]).toEqual([undefined, varies]);
    expect(zipped.headers).toMatchObject({ "content-encoding": "gzip", vary: varies });
    expect(zipped.headers["content-length"]).toBe(String(zipped.body.length));
    expect(gunzipSync(zipped.body).toString()).toBe(plain.body.toString());
    expect(zipped.body.length).toBeLessThan(plain.body.length / 3);
  },
);

test("a download is compressed while it is read", async () => {
  const { headers, body } = await raw("/api/audit/export?format=csv", { "accept-encoding": "gzip, br" });
  expect(headers["content-encoding"]).toBe("gzip");
  expect(gunzipSync(body).toString()).toMatch(/^sequence,at,actor_kind/);
});

test("a response that shows a secret is never compressed, however long it is", async () => {
  const { applicationId } = await given(acme).application({ access: "protected" });
  const usernames = Array.from({ length: 20 }, (_, at) => `visitor-${at}`);
  const created = await raw(
    "/api/trpc/security.createMany",
    { "accept-encoding": "gzip, br" },
    {
      applicationId,
      credentials: usernames.map((username) => ({ username })),
    },
  );
  expect(created.body.toString()).toContain("visitor-19");
  for (const [, password = ""] of created.body.toString().matchAll(/"password":"([^"]+)"/g)) registerSecret(password);
  expect(created.body.length).toBeGreaterThan(2_000);
  expect(created.headers["content-encoding"]).toBeUndefined();
  const session = await raw("/api/trpc/auth.session", { "accept-encoding": "gzip" });
  expect([session.status, session.headers["content-encoding"]]).toEqual([200, undefined]);
});

test("a stream of events is never compressed", async () => {
  const gone = new AbortController();
  const response = await fetch(`http://127.0.0.1:${server.port}/api/events`, {
    headers: { "x-api-key": key, "accept-encoding": "gzip, br" },
    signal: gone.signal,
  });
  expect([response.status, response.headers.get("content-encoding")]).toEqual([200, null]);
  gone.abort();
});
