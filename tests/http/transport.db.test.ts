import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeApiKey } from "#src/access/api-keys";
import { type CallResponse, reasonOf } from "../support/call-response";
import { insertEnvironment } from "../support/environment";
import { send } from "../support/raw-call";
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
  ({ environmentId } = await insertEnvironment(world, acme));
  ({ applicationId } = await given(acme).application({ environmentId }));
  ({ securityId } = await given(acme).credential(applicationId));
});
afterAll(() => world.close());

const json = { "content-type": "application/json" };
const form = { "content-type": "application/x-www-form-urlencoded" };

/** Sends a request and checks what every response must have: a unique id, no caching, and the common error format. */
async function sendChecked(path: string, request: Parameters<typeof send>[2]): Promise<CallResponse> {
  const answer = await send(world.handler, path, request);
  const requestId = answer.headers.get("x-request-id") ?? "";
  expect(requestId).toMatch(/^req_[0-9a-z]{26}$/);
  expect(requestIds).not.toContain(requestId);
  requestIds.add(requestId);
  expect(answer.headers.get("cache-control")).toBe("no-store");
  expect(answer.headers.get("content-type")).toMatch(/^application\/json/);
  if (answer.status === 200) return answer;
  const { error } = answer;
  expect([answer.text, typeof error.message]).toEqual([answer.text, "string"]);
  const names = Object.keys(error.data).filter((name) => name !== "fields");
  expect(names.sort()).toEqual(["code", "httpStatus", "reason", "requestId"]);
  expect(error.data).toMatchObject({
    httpStatus: answer.status,
    requestId,
    reason: expect.stringMatching(/^[a-z_]+$/),
  });
  expect(answer.text).not.toMatch(/stack|node_modules|\.ts:|\.js:|select |insert |SyntaxError|Unexpected token/i);
  return answer;
}

const post = (procedure: string, body: Parameters<typeof send>[2] = {}) => sendChecked(`/api/trpc/${procedure}`, body);

const one = () => JSON.stringify({ securityId });

describe("DK-11: a raw JSON body and x-api-key", () => {
  test.each<[string, Record<string, string>]>([
    ["as JSON", json],
    ["as JSON with a charset", { "content-type": "Application/JSON; charset=utf-8" }],
    ["without a content type", {}],
    ["with the form type that curl sends by default", form],
    ["with the form type and a charset", { "content-type": "application/x-www-form-urlencoded; charset=utf-8" }],
  ])("a query and a mutation are accepted %s", async (_title, headers) => {
    const query = await post("security.one", { headers: { ...headers, "x-api-key": key }, body: one() });
    expect([query.status, query.data.securityId]).toEqual([200, securityId]);
    const body = JSON.stringify({ securityId, password: "new-Password-4711" });
    const change = await post("security.update", { headers: { ...headers, "x-api-key": key }, body });
    expect([change.status, change.data.securityId]).toEqual([200, securityId]);
  });

  test("a query can be called with GET", async () => {
    const path = `/api/trpc/security.one?input=${encodeURIComponent(one())}`;
    const answer = await sendChecked(path, { method: "GET", headers: { "x-api-key": key } });
    expect([answer.status, answer.data.securityId]).toEqual([200, securityId]);
    const list = await sendChecked("/api/trpc/applications.list", {
      method: "GET",
      headers: { "x-api-key": key },
    });
    expect(list.status).toBe(200);
  });

  test("an empty body counts as an empty object", async () => {
    for (const body of [undefined, "", " \n", "{}"]) {
      const answer = await post("applications.list", {
        headers: { "x-api-key": key },
        ...(body === undefined ? {} : { body }),
      });
      expect(answer.status).toBe(200);
    }
    expect(reasonOf(await post("security.one", { headers: { "x-api-key": key } }))).toEqual([400, "invalid_input"]);
  });

  test("a mutation with GET gets 405", async () => {
    const path = `/api/trpc/security.delete?input=${encodeURIComponent(one())}`;
    const answer = await sendChecked(path, { method: "GET", headers: { "x-api-key": key } });
    expect(reasonOf(answer)).toEqual([405, "method_not_supported"]);
    expect((await acme.call("security.one", { securityId })).status).toBe(200);
  });

  test.each(["PUT", "PATCH", "DELETE", "OPTIONS"])("a procedure call with %s gets 405", async (method) => {
    const answer = await sendChecked("/api/trpc/security.one", {
      method,
      headers: { ...json, "x-api-key": key },
      body: one(),
    });
    expect(reasonOf(answer)).toEqual([405, "method_not_supported"]);
  });

  test("a form of another site without a key is refused", async () => {
    const answer = await post("security.delete", { headers: form, body: one() });
    expect([401, 415]).toContain(answer.status);
  });

  test("a content type other than JSON and form gets 415", async () => {
    const answer = await post("security.one", {
      headers: { "content-type": "text/xml", "x-api-key": key },
      body: "<a/>",
    });
    expect(reasonOf(answer)).toEqual([415, "unsupported_media_type"]);
  });
});

describe("an invalid body", () => {
  const headers = () => ({ ...json, "x-api-key": key });

  test.each(['{"securityId":', "{securityId: 1}", "{}{}", "[".repeat(200_000), "\u0000", "undefined"])(
    "malformed JSON gets 400 malformed_body (%#)",
    async (body) => {
      expect(reasonOf(await post("security.one", { headers: headers(), body }))).toEqual([400, "malformed_body"]);
    },
  );

  test("a malformed body with an unknown or expired key gets 401", async () => {
    const expired = await acme.key("owner", { expiresAt: new Date(0) });
    const unknown = makeApiKey((size) => Buffer.alloc(size, 7)).key;
    for (const [invalidKey, reason] of [
      [expired, "key_expired"],
      [unknown, "key_unknown"],
    ] as const) {
      const answer = await post("security.one", { headers: { ...json, "x-api-key": invalidKey }, body: "{" });
      expect(reasonOf(answer)).toEqual([401, reason]);
    }
  });

  test.each(["null", "1", '"text"', "[]", "true", '{"__proto__":{"securityId":"x"}}'])(
    "JSON that does not match the input of the procedure gets 400 invalid_input: %s",
    async (body) => {
      expect(reasonOf(await post("security.one", { headers: headers(), body }))).toEqual([400, "invalid_input"]);
    },
  );

  test.each(["a\u0000b", "\ud800", "security_ä", "x".repeat(101), ""])(
    "a text that cannot be an id gets 404 like an unknown id: %j (DK-15)",
    async (id) => {
      const body = JSON.stringify({ securityId: id });
      expect(reasonOf(await post("security.one", { headers: headers(), body }))).toEqual([404, "not_found"]);
    },
  );

  test("a query whose input is not JSON gets 400", async () => {
    for (const input of ["{", "%7B%22", "abc"]) {
      const path = `/api/trpc/security.one?input=${input}`;
      const answer = await sendChecked(path, { method: "GET", headers: { "x-api-key": key } });
      expect(reasonOf(answer)).toEqual([400, "malformed_body"]);
    }
  });

  test.each([
    ["a lone continuation byte", [0x7b, 0x22, 0x80, 0x22, 0x7d]],
    ["an overlong slash", [0x22, 0xc0, 0xaf, 0x22]],
    ["half a surrogate pair", [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ["a cut-off sequence", [0x22, 0xe2, 0x95]],
    ["Latin-1", [0x22, 0xfc, 0x22]],
  ])("invalid UTF-8 gets 400: %s", async (_title, bytes) => {
    const answer = await post("security.one", { headers: headers(), body: new Uint8Array(bytes) });
    expect(reasonOf(answer)).toEqual([400, "malformed_body"]);
  });

  test("a body of more than 1 MiB gets 413, declared or not, and 1 MiB is accepted", async () => {
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
    expect(reasonOf(await post("security.one", { headers: headers(), body: endlessBody() }))).toEqual([
      413,
      "body_too_large",
    ]);
    expect((await post("security.one", { headers: headers(), body: padded(mebi) })).status).toBe(200);
  });
});

function endlessBody(): ReadableStream {
  const chunk = new Uint8Array(64 * 1024).fill(0x20);
  return new ReadableStream({ pull: (controller) => controller.enqueue(chunk) });
}

describe("unknown targets", () => {
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
  ])("the unknown procedure %s gets 404", async (procedure) => {
    for (const headers of [json, { ...json, "x-api-key": key }]) {
      expect(reasonOf(await post(procedure, { headers, body: "{}" }))).toEqual([404, "unknown_procedure"]);
    }
  });

  test.each(["/api/v2/security", "/api/", "/api/trpc", "/api/trpcx/security.one", "/"])(
    "the unknown path %s gets 404",
    async (path) => {
      const answer = await sendChecked(path, { method: "GET" });
      expect(reasonOf(answer)).toEqual([404, "unknown_path"]);
    },
  );
});

describe("several calls in one request", () => {
  test.each([
    ["security.one,security.one?batch=1", JSON.stringify({ 0: { securityId: "x" }, 1: { securityId: "y" } })],
    ["security.one?batch=1", JSON.stringify({ 0: { securityId: "x" } })],
    ["security.one,security.one", "{}"],
  ])("several calls in one request are refused: %s", async (procedure, body) => {
    const answer = await post(procedure, { headers: { ...json, "x-api-key": key }, body });
    expect([400, 404]).toContain(answer.status);
    expect(answer.data).toBeUndefined();
  });

  test("several calls in one streamed request are refused", async () => {
    const headers = { ...json, "x-api-key": key, "trpc-accept": "application/jsonl" };
    const answer = await post("security.one,security.one?batch=1", { headers, body: '{"0":{},"1":{}}' });
    expect(answer.status).toBe(400);
    expect(answer.headers.get("x-request-id")).toMatch(/^req_/);
  });
});

test("no response may be cached by a browser or a proxy, including GET (ASVS 14.3.2)", async () => {
  const path = `/api/trpc/security.one?input=${encodeURIComponent(one())}`;
  const answer = await sendChecked(path, { method: "GET", headers: { "x-api-key": key } });
  expect(answer.status).toBe(200);
});

test("/healthz and /readyz answer with a request id", async () => {
  for (const path of ["/healthz", "/readyz"]) {
    const answer = await send(world.handler, path, { method: "GET" });
    expect([answer.status, answer.headers.get("x-request-id")]).toEqual([200, expect.stringMatching(/^req_/)]);
  }
});
