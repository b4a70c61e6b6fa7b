import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openBrowser } from "../support/browser";
import { readCallResponse } from "../support/call-response";
import { openWorld, testOrigin, type World } from "../support/world";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const form = { "content-type": "application/x-www-form-urlencoded" };
const methods = ["password", "passkey", "trusted-header", "link", "second-factor", "invitation"];

describe("the sign-in endpoint", () => {
  const paths = ["csrf", "signout", ...methods.flatMap((method) => [`callback/${method}`, `signin/${method}`])];
  const unknownPaths = [
    "session",
    "callback",
    "callback/",
    "callback/nothing",
    "signin/nothing",
    "providers",
    "error",
    "a/b/c",
  ];
  const queries = [
    "",
    "?callbackUrl=javascript:1",
    "?error=%00",
    "?nextauth=x",
    "?state=%00&code=%00",
    "?a[]=1&__proto__=2",
  ];

  test.each(["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])(
    "the sign-in endpoint never answers a %s request with 500, whatever its path and query",
    async (method) => {
      for (const path of [...paths, ...unknownPaths]) {
        for (const query of queries) {
          const browser = openBrowser(world);
          const body = method === "POST" ? { body: "a=b" } : {};
          const { status } = await browser.fetch(`/api/auth/${path}${query}`, { method, headers: form, ...body });
          expect([path, query, status < 500]).toEqual([path, query, true]);
        }
      }
    },
  );

  test.each(methods)("a GET on the callback of %s gets 405 with the allowed method", async (method) => {
    const answer = await openBrowser(world).fetch(`/api/auth/callback/${method}`);
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "POST"]);
    expect(await answer.json()).toMatchObject({ error: { data: { reason: "method_not_supported" } } });
  });

  test.each([
    ["javascript:1", "203.0.113.11"],
    ["%", "203.0.113.12"],
    ["x", "203.0.113.13"],
    ["file:///etc/passwd", "203.0.113.14"],
    ["\u0000", "203.0.113.15"],
    ["//", "203.0.113.16"],
  ])("a sign-in works if the callback-url cookie contains %j", async (value, ip) => {
    const browser = openBrowser(world, { ip });
    browser.cookies.set("__Host-portcullis.callback-url", encodeURIComponent(value));
    expect((await browser.fetch("/api/auth/csrf")).status).toBe(200);
    expect((await browser.signIn("password", { email: `nobody-${ip}@example.org`, password: "x" })).status).toBe(401);
  });

  test("a repeated form field or query parameter is refused with 400", async () => {
    const browser = openBrowser(world);
    const headers = { ...form, origin: testOrigin };
    const twice = await browser.fetch("/api/auth/callback/password", {
      method: "POST",
      headers,
      body: "email=a%40example.org&password=x&password=y",
    });
    expect([twice.status, await twice.json()]).toMatchObject([
      400,
      { error: { data: { reason: "malformed_request" } } },
    ]);
    expect((await browser.fetch("/api/auth/callback/company?state=a&state=b&code=c")).status).toBe(400);
  });

  test("a sign-in form of more than 16 KiB is refused with 413", async () => {
    const body = `email=a%40example.org&password=${"x".repeat(16 * 1024)}`;
    const answer = await openBrowser(world).fetch("/api/auth/callback/password", {
      method: "POST",
      headers: form,
      body,
    });
    expect([answer.status, await answer.json()]).toMatchObject([
      413,
      { error: { data: { reason: "body_too_large" } } },
    ]);
  });
});

describe("a request that arrives for another host", () => {
  const json = { "content-type": "application/json" };
  const cookie = { cookie: "__Host-portcullis.session=x" };

  test.each([
    ["a sign-in", "/api/auth/csrf", { method: "GET" }],
    ["a call by a session", "/api/trpc/auth.session", { method: "GET", headers: cookie }],
    ["an anonymous call", "/api/trpc/auth.link", { method: "POST" }],
  ])(
    "%s for another host gets an error with the received host, the expected host and the proxy settings",
    async (_name, path, { method, headers: more = {} }: { method: string; headers?: Record<string, string> }) => {
      const headers = { host: "portcullis:3000", "x-forwarded-for": "203.0.113.7", ...json, ...more };
      const body = method === "POST" ? { body: '{"token":"x"}' } : {};
      const answer = await openBrowser(world).fetch(path, { method, headers, ...body });
      const { error } = await readCallResponse(answer);
      expect(error.message).toContain("through a proxy for the host portcullis:3000");
      expect(error.message).toContain('"Host: portcullis.example.org"');
      expect(error.message).toContain("docs/behind-a-proxy.md");
    },
  );

  test.each(["portcullis.example.org:443", "PORTCULLIS.example.org.", "portcullis.example.org.:443"])(
    "the Host header %s counts as the public address",
    async (host) => {
      expect((await openBrowser(world).fetch("/api/auth/csrf", { headers: { host } })).status).toBe(200);
    },
  );
});
