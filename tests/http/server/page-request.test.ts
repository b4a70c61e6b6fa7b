import { IncomingMessage } from "node:http";
import { createRequire } from "node:module";
import { Socket } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { preparePageRequest } from "#src/http/server/page-request";

/** The check of Next.js. If it throws, Next.js answers 500. */
const { parseAndValidateFlightRouterState } = createRequire(import.meta.url)(
  "next/dist/server/app-render/parse-and-validate-flight-router-state.js",
) as { parseAndValidateFlightRouterState(header: string): unknown };

function requestWith(headers: Record<string, string>, method = "GET"): IncomingMessage {
  const request = new IncomingMessage(new Socket());
  request.method = method;
  request.headers = { ...headers };
  Object.defineProperty(request, "headersDistinct", {
    configurable: true,
    value: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
  });
  return request;
}

const statusFor = (headers: Record<string, string>) => preparePageRequest(requestWith(headers))?.status ?? 200;
const encoded = (state: unknown) => encodeURIComponent(JSON.stringify(state));
const browserState = [
  "",
  { children: ["sign-in", { children: ["__PAGE__", {}, null, null, 0] }, null, null] },
  null,
  null,
  16,
];

describe("a request for a page", () => {
  test.each<[string, Record<string, string>]>([
    ["from a browser", { accept: "text/html", "user-agent": "Test/1" }],
    ["from the router", { rsc: "1", "next-router-state-tree": encoded(browserState), "next-url": "/sign-in" }],
    ["for a prefetch", { rsc: "1", "next-router-prefetch": "1", "next-router-segment-prefetch": "/_tree" }],
    [
      "with a router state for a parameter",
      { "next-router-state-tree": encoded([["a", "b", "d", null], {}, null, "refetch"]) },
    ],
  ])("a page request %s is passed on", (_name, headers) => {
    expect(statusFor(headers)).toBe(200);
  });

  test.each(["", "x", "%", "%7B", "%ff", "[]", "null", "[1]", '["",{}', encoded([1, {}]), encoded(["", {}, 1])])(
    "a page request with the router state %j gets 400",
    (state) => {
      expect(statusFor({ rsc: "1", "next-router-state-tree": state })).toBe(400);
      expect(statusFor({ "next-router-state-tree": state })).toBe(400);
    },
  );

  test.each([
    { rsc: "" },
    { rsc: "true" },
    { rsc: "1, 1" },
    { "next-router-prefetch": "x" },
    { "next-router-segment-prefetch": "x" },
    { "next-url": "http://evil.example/" },
  ])("a page request with the header %j gets 400", (headers) => {
    expect(statusFor(headers as Record<string, string>)).toBe(400);
  });

  test("a page request with a repeated router header gets 400", () => {
    const request = requestWith({ rsc: "1" });
    Object.defineProperty(request, "headersDistinct", { value: { rsc: ["1", "1"] } });
    expect(preparePageRequest(request)?.status).toBe(400);
  });

  test.each(["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])(
    "a page request with %s gets 405 because pages have no actions",
    (method) => {
      expect(preparePageRequest(requestWith({}, method))?.status).toBe(405);
    },
  );

  test("a page request is passed on without headers that no page needs", () => {
    const request = requestWith({
      host: "x",
      "next-action": "x",
      "x-middleware-subrequest": "x",
      "x-matched-path": "/api/trpc/x",
      "x-invoke-path": "/api/trpc/x",
      "x-forwarded-host": "evil.example",
      cookie: "secret=1",
      authorization: "Basic x",
    });
    expect(preparePageRequest(request)).toBeNull();
    expect(Object.keys(request.headers)).toEqual(["host"]);
  });

  test("a page request is refused for every router state on which Next.js would fail", () => {
    const { state } = fc.letrec((tie) => ({
      state: fc.oneof(
        { maxDepth: 4 },
        fc.jsonValue(),
        fc
          .tuple(
            fc.oneof(
              fc.string(),
              fc.tuple(fc.string(), fc.string(), fc.constantFrom("c", "d", "x"), fc.constant(null)),
            ),
            fc.dictionary(fc.constantFrom("children", "modal"), tie("state")),
            fc.array(fc.oneof(fc.constantFrom(null, "refetch", "x", 1), fc.tuple(fc.string(), fc.string())), {
              maxLength: 5,
            }),
          )
          .map(([segment, below, notes]) => [segment, below, ...notes]),
      ),
    }));
    fc.assert(
      fc.property(fc.oneof(state.map(encoded), fc.string()), (header) => {
        if (statusFor({ "next-router-state-tree": header }) === 200) parseAndValidateFlightRouterState(header);
      }),
      { numRuns: 1_000 },
    );
  });
});
