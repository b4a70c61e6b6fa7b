import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeApiKey } from "../../src/access/api-keys";
import { insertPlace } from "../support/place";
import { type RawAnswer, send } from "../support/raw-call";
import { type GivenOrganization, given, openWorld, type World } from "../support/world";

let world: World;
let acme: GivenOrganization;
let environmentId: string;
let applicationId: string;
let securityId: string;
let key: string;
const requestIds = new Set<string>();

beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization();
  key = await acme.key("owner");
  ({ environmentId } = await insertPlace(world, acme));
  ({ applicationId } = await given(acme).application({ environmentId }));
  ({ securityId } = await given(acme).credential(applicationId));
});
afterAll(() => world.close());

const json = { "content-type": "application/json" };
const form = { "content-type": "application/x-www-form-urlencoded" };

/** Sends a request, and checks what every answer has to have: its own id, no caching, and one form of a refusal. */
async function sent(path: string, request: Parameters<typeof send>[2]): Promise<RawAnswer> {
  const answer = await send(world.handler, path, request);
  const requestId = answer.headers.get("x-request-id") ?? "";
  expect(requestId).toMatch(/^req_[0-9a-z]{26}$/);
  expect(requestIds).not.toContain(requestId);
  requestIds.add(requestId);
  expect(answer.headers.get("cache-control")).toBe("no-store");
  expect(answer.headers.get("content-type")).toMatch(/^application\/json/);
  if (answer.status === 200) return answer;
  const { error } = answer.body ?? {};
  expect([answer.text, typeof error?.message]).toEqual([answer.text, "string"]);
  const names = Object.keys(error?.data ?? {}).filter((name) => name !== "fields");
  expect(names.sort()).toEqual(["code", "httpStatus", "reason", "requestId"]);
  expect(error?.data).toMatchObject({
    httpStatus: answer.status,
    requestId,
    reason: expect.stringMatching(/^[a-z_]+$/),
  });
  expect(answer.text).not.toMatch(/stack|node_modules|\.ts:|\.js:|select |insert |SyntaxError|Unexpected token/i);
  return answer;
}

const post = (procedure: string, body: Parameters<typeof send>[2] = {}) => sent(`/api/trpc/${procedure}`, body);

const reasonOf = (answer: RawAnswer) => [answer.status, answer.body?.error?.data.reason];
const one = () => JSON.stringify({ securityId });

describe("DK-11: a raw JSON body and x-api-key", () => {
  test.each<[string, Record<string, string>]>([
    ["as JSON", json],
    ["as JSON with a charset", { "content-type": "Application/JSON; charset=utf-8" }],
    ["without a content type", {}],
    ["with curl's form default", form],
    ["with a form's charset", { "content-type": "application/x-www-form-urlencoded; charset=utf-8" }],
  ])("a query and a change are answered %s", async (_title, headers) => {
    const query = await post("security.one", { headers: { ...headers, "x-api-key": key }, body: one() });
    expect([query.status, query.body?.result?.data.securityId]).toEqual([200, securityId]);
    const body = JSON.stringify({ securityId, password: "new-Password-4711" });
    const change = await post("security.update", { headers: { ...headers, "x-api-key": key }, body });
    expect([change.status, change.body?.result?.data.securityId]).toEqual([200, securityId]);
  });

  test("a query is answered to GET too", async () => {
    const path = `/api/trpc/security.one?input=${encodeURIComponent(one())}`;
    const answer = await sent(path, { method: "GET", headers: { "x-api-key": key } });
    expect([answer.status, answer.body?.result?.data.securityId]).toEqual([200, securityId]);
    const list = await sent("/api/trpc/applications.list", {
      method: "GET",
      headers: { "x-api-key": key },
    });
    expect(list.status).toBe(200);
  });

  test("an empty body is an empty object", async () => {
    for (const body of [undefined, "", " \n", "{}"]) {
      const answer = await post("applications.list", {
        headers: { "x-api-key": key },
        ...(body === undefined ? {} : { body }),
      });
      expect(answer.status).toBe(200);
    }
    expect(reasonOf(await post("security.one", { headers: { "x-api-key": key } }))).toEqual([400, "invalid_input"]);
  });

  test("a change is not answered to GET", async () => {
    const path = `/api/trpc/security.delete?input=${encodeURIComponent(one())}`;
    const answer = await sent(path, { method: "GET", headers: { "x-api-key": key } });
    expect(reasonOf(answer)).toEqual([405, "method_not_supported"]);
    expect((await acme.call("security.one", { securityId })).status).toBe(200);
  });

  test.each(["PUT", "PATCH", "DELETE", "OPTIONS"])("%s is not how a procedure is called", async (method) => {
    const answer = await sent("/api/trpc/security.one", {
      method,
      headers: { ...json, "x-api-key": key },
      body: one(),
    });
    expect(reasonOf(answer)).toEqual([405, "method_not_supported"]);
  });

  test("another site's form has no key, and gets nowhere", async () => {
    const answer = await post("security.delete", { headers: form, body: one() });
    expect([401, 415]).toContain(answer.status);
  });

  test("a type that is neither is refused", async () => {
    const answer = await post("security.one", {
      headers: { "content-type": "text/xml", "x-api-key": key },
      body: "<a/>",
    });
    expect(reasonOf(answer)).toEqual([415, "unsupported_media_type"]);
  });
});

describe("a body that cannot be read", () => {
  const headers = () => ({ ...json, "x-api-key": key });

  test.each(['{"securityId":', "{securityId: 1}", "{}{}", "[".repeat(200_000), "\u0000", "undefined"])(
    "malformed JSON is 400 (%#)",
    async (body) => {
      expect(reasonOf(await post("security.one", { headers: headers(), body }))).toEqual([400, "malformed_body"]);
    },
  );

  test("of a caller whose key is unknown, or works no more, is 401 like any other", async () => {
    const expired = await acme.key("owner", { expiresAt: new Date(0) });
    const unknown = makeApiKey((size) => Buffer.alloc(size, 7)).key;
    for (const [own, reason] of [
      [expired, "key_expired"],
      [unknown, "key_unknown"],
    ] as const) {
      const answer = await post("security.one", { headers: { ...json, "x-api-key": own }, body: "{" });
      expect(reasonOf(answer)).toEqual([401, reason]);
    }
  });

  test.each(["null", "1", '"text"', "[]", "true", '{"__proto__":{"securityId":"x"}}'])(
    "JSON that is no input of this procedure is 400: %s",
    async (body) => {
      expect(reasonOf(await post("security.one", { headers: headers(), body }))).toEqual([400, "invalid_input"]);
    },
  );

  test.each(["a\u0000b", "\ud800", "security_ä", "x".repeat(101), ""])(
    "a text that no id can be is one that is nobody's, whatever the database makes of it: %j (DK-15)",
    async (id) => {
      const body = JSON.stringify({ securityId: id });
      expect(reasonOf(await post("security.one", { headers: headers(), body }))).toEqual([404, "not_found"]);
    },
  );

  test("a query whose input is not JSON is 400", async () => {
    for (const input of ["{", "%7B%22", "abc"]) {
      const path = `/api/trpc/security.one?input=${input}`;
      const answer = await sent(path, { method: "GET", headers: { "x-api-key": key } });
      expect(reasonOf(answer)).toEqual([400, "malformed_body"]);
    }
  });

  test.each([
    ["a lone continuation byte", [0x7b, 0x22, 0x80, 0x22, 0x7d]],
    ["an overlong slash", [0x22, 0xc0, 0xaf, 0x22]],
    ["half a surrogate pair", [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ["a cut-off sequence", [0x22, 0xe2, 0x95]],
    ["latin1", [0x22, 0xfc, 0x22]],
  ])("invalid UTF-8 is 400: %s", async (_title, bytes) => {
    const answer = await post("security.one", { headers: headers(), body: new Uint8Array(bytes) });
    expect(reasonOf(answer)).toEqual([400, "malformed_body"]);
  });

  test("one byte more than 1 MiB is 413, declared or not; 1 MiB is read", async () => {
    const padded = (size: number) => `${" ".repeat(size - one().length)}${one()}`;
    const mebi = 1024 * 1024;
    const declared = { ...headers(), "content-length": String(mebi + 1) };
    expect(reasonOf(await post("security.one", { headers: declared, body: padded(mebi + 1) }))).toEqual([
      413,
      "body_too_large",
    ]);
    expect(reasonOf(await post("security.one", { headers: headers(), body: padded(mebi + 1) }))).toEqual([
      413,
      "body_too_large",
    ]);
    expect(reasonOf(await post("security.one", { headers: headers(), body: endless() }))).toEqual([
      413,
      "body_too_large",
    ]);
    expect((await post("security.one", { headers: headers(), body: padded(mebi) })).status).toBe(200);
  });
});

function endless(): ReadableStream {
  const chunk = new Uint8Array(64 * 1024).fill(0x20);
  return new ReadableStream({ pull: (controller) => controller.enqueue(chunk) });
}

describe("what is not there", () => {
  test.each([
    "security.nothing",
    "nothing.one",
    "security",
    "security.one.more",
    "__proto__",
    "constructor",
    "toString",
    "security.__proto__",
    "security.constructor.name",
    "security%00.one",
    "..%2f..%2fetc",
  ])("the procedure %s is 404", async (procedure) => {
    for (const headers of [json, { ...json, "x-api-key": key }]) {
      expect(reasonOf(await post(procedure, { headers, body: "{}" }))).toEqual([404, "unknown_procedure"]);
    }
  });

  test.each(["/api/v2/security", "/api/", "/api/trpc", "/api/trpcx/security.one", "/"])(
    "the path %s is 404",
    async (path) => {
      const answer = await sent(path, { method: "GET" });
      expect(reasonOf(answer)).toEqual([404, "unknown_path"]);
    },
  );
});

describe("many calls in one request", () => {
  test.each([
    ["security.one,security.one?batch=1", JSON.stringify({ 0: { securityId: "x" }, 1: { securityId: "y" } })],
    ["security.one?batch=1", JSON.stringify({ 0: { securityId: "x" } })],
    ["security.one,security.one", "{}"],
  ])("are refused: %s", async (procedure, body) => {
    const answer = await post(procedure, { headers: { ...json, "x-api-key": key }, body });
    expect([400, 404]).toContain(answer.status);
    expect(answer.body?.result).toBeUndefined();
  });

  test("are refused as a stream too", async () => {
    const headers = { ...json, "x-api-key": key, "trpc-accept": "application/jsonl" };
    const answer = await post("security.one,security.one?batch=1", { headers, body: '{"0":{},"1":{}}' });
    expect(answer.status).toBe(400);
    expect(answer.headers.get("x-request-id")).toMatch(/^req_/);
  });
});

test("no answer may be stored by a browser or a proxy, by GET either (ASVS 14.3.2)", async () => {
  const path = `/api/trpc/security.one?input=${encodeURIComponent(one())}`;
  const asked = await sent(path, { method: "GET", headers: { "x-api-key": key } });
  expect(asked.status).toBe(200);
});

test("/healthz and /readyz answer with an id too", async () => {
  for (const path of ["/healthz", "/readyz"]) {
    const answer = await send(world.handler, path, { method: "GET" });
    expect([answer.status, answer.headers.get("x-request-id")]).toEqual([200, expect.stringMatching(/^req_/)]);
  }
});
