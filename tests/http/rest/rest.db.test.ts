import { readFileSync } from "node:fs";
import SwaggerParser from "@apidevtools/swagger-parser";
import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { features } from "#src/features/all";
import { pathsOf } from "#src/operations/operation";
import { operationsOf } from "#src/operations/operations-of";
import { insertEnvironment } from "#tests/support/environment";
import { givenMember, givenPerson } from "#tests/support/people";
import { givenSession } from "#tests/support/sessions";
import { type GivenOrganization, given, openWorld, type World } from "#tests/support/world";

let world: World;
let acme: GivenOrganization;
let owner: string;
let viewer: string;
let environmentId: string;
let applicationId: string;

beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization();
  owner = await acme.key("owner");
  viewer = await acme.key("viewer");
  ({ environmentId } = await insertEnvironment(world, acme));
  ({ applicationId } = await given(acme).application({ environmentId }));
});
afterAll(() => world.close());

interface RequestOptions {
  readonly key?: string | null;
  readonly body?: unknown;
  readonly text?: string;
  readonly headers?: Record<string, string>;
}

/** Sends one request to the REST API, by default as the owner. */
async function send(method: string, path: string, { key = owner, body, text, headers = {} }: RequestOptions = {}) {
  const content = text ?? (body === undefined ? undefined : JSON.stringify(body));
  const request = new Request(`http://127.0.0.1/api/v1${path}`, {
    method,
    headers: {
      ...(key === null ? {} : { "x-api-key": key }),
      ...(content === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(content === undefined ? {} : { body: content }),
  });
  const response = await world.handler(request, { ip: "192.0.2.44" });
  const responseText = await response.text();
  const parsed = responseText === "" ? {} : (JSON.parse(responseText) as Record<string, unknown>);
  return {
    status: response.status,
    headers: response.headers,
    text: responseText,
    body: parsed,
    error: parsed.error as { code: string; reason: string; message: string; requestId: string; fields?: object },
  };
}

describe("the REST API (DK-13, DK-14)", () => {
  test("an operation is also called at its second path, for an input that does not name the object of the first one", async () => {
    const created = await send("POST", "/applications", {
      body: { name: "Chat", project: { name: "Default" }, environment: { name: "Production" } },
    });
    expect([created.status, created.headers.get("location")]).toEqual([
      201,
      `/api/v1/applications/${created.body.applicationId}`,
    ]);
    expect((await send("GET", "/credentials?olderThanDays=0")).status).toBe(200);
    expect((await send("DELETE", "/credentials")).headers.get("allow")).toBe("GET");
  });

  test("the REST API can create, read, list, change and delete a credential", async () => {
    const created = await send("POST", `/applications/${applicationId}/credentials`, { body: { username: "ada" } });
    expect([created.status, created.body]).toEqual([201, expect.objectContaining({ username: "ada", applicationId })]);
    const location = created.headers.get("location") ?? "";
    expect(location).toBe(`/api/v1/credentials/${created.body.securityId}`);
    const path = location.slice("/api/v1".length);
    expect((await send("GET", path)).body).toMatchObject({ username: "ada" });
    const { body: page } = await send("GET", `/applications/${applicationId}/credentials?limit=1`);
    expect(page.items).toHaveLength(1);
    const changed = await send("PATCH", path, { body: { username: "grace" } });
    expect([changed.status, changed.body]).toEqual([200, expect.objectContaining({ username: "grace" })]);
    const gone = await send("DELETE", path);
    expect([gone.status, gone.body]).toEqual([200, expect.objectContaining({ becamePublic: true })]);
    expect((await send("GET", path)).status).toBe(404);
  });

  test("a deletion without a result gets 204 without a body", async () => {
    const { body } = await send("POST", "/projects", { body: { name: "Short" } });
    const deleted = await send("DELETE", `/projects/${body.projectId}`);
    expect([deleted.status, deleted.text]).toEqual([204, ""]);
  });

  test("refusals have the order 401, 404, 403, 400 and one format", async () => {
    const path = `/applications/${applicationId}/credentials`;
    const wrong = { body: { username: 7 } };
    const refusals = [
      await send("POST", path, { ...wrong, key: null }),
      await send("POST", "/applications/app_01jd3f9z8ye5ta3q0c1xk7m2vw/credentials", { ...wrong, key: viewer }),
      await send("POST", path, { ...wrong, key: viewer }),
      await send("POST", path, wrong),
    ];
    expect(refusals.map(({ status, error }) => [status, error.code, error.reason])).toEqual([
      [401, "UNAUTHORIZED", "no_credentials"],
      [404, "NOT_FOUND", "not_found"],
      [403, "FORBIDDEN", "key_scope"],
      [400, "BAD_REQUEST", "invalid_input"],
    ]);
    for (const { error, headers } of refusals) {
      expect(error.requestId).toBe(headers.get("x-request-id"));
      expect(error.message).toMatch(/\w/);
    }
    expect(refusals[3]?.error.fields).toEqual({ username: "invalid_type" });
  });

  test("an object of another organization gets 404, in the path, the query and the parent", async () => {
    const other = await world.organization();
    const key = await other.key("owner");
    for (const [method, path] of [
      ["GET", `/applications/${applicationId}`],
      ["DELETE", `/applications/${applicationId}`],
      ["GET", `/applications?environmentId=${environmentId}`],
      ["POST", `/environments/${environmentId}/applications`],
    ] as const) {
      const body = method === "POST" ? { body: { name: "x" } } : {};
      expect((await send(method, path, { key, ...body })).status).toBe(404);
    }
  });

  test.each([
    ["GET", "", 404, "unknown_path"],
    ["GET", "/nowhere", 404, "unknown_path"],
    ["GET", "/applications/", 404, "unknown_path"],
    ["GET", "/applications/%zz", 404, "not_found"],
    ["GET", "/applications/a%2Fb", 404, "not_found"],
    ["PUT", "/projects", 405, "method_not_supported"],
    ["GET", "/projects?limit=2x", 400, "invalid_input"],
    ["GET", "/projects?limit=1&limit=2", 400, "invalid_input"],
    ["GET", "/projects?planted=1", 400, "invalid_input"],
  ])("the request %s %s gets %i %s", async (method, path, status, reason) => {
    const answer = await send(method, path);
    expect([answer.status, answer.error.reason]).toEqual([status, reason]);
  });

  test("a 405 names the allowed methods of the path", async () => {
    expect((await send("PUT", "/projects")).headers.get("allow")).toBe("GET, POST");
  });

  test.each([
    [{ text: "{" }, 400, "malformed_body"],
    [{ text: "[]" }, 400, "malformed_body"],
    [{ text: "x=1", headers: { "content-type": "application/xml" } }, 415, "unsupported_media_type"],
    [{ text: JSON.stringify({ name: "x".repeat(1024 * 1024) }) }, 413, "body_too_large"],
  ])("an unacceptable body is refused: case %#", async (sent, status, reason) => {
    const answer = await send("POST", "/projects", sent);
    expect([answer.status, answer.error.reason]).toEqual([status, reason]);
  });

  test("a field in the path is refused in the body", async () => {
    const path = `/applications/${applicationId}/credentials`;
    const answer = await send("POST", path, { body: { username: "eve", applicationId: "app_x" } });
    expect([answer.status, answer.error.fields]).toEqual([400, { applicationId: "named_by_path" }]);
  });

  test("a field in the query is refused if the request has a body, so that no password is in a URL", async () => {
    const path = `/applications/${applicationId}/credentials?password=Correct-Horse-7-Battery`;
    const answer = await send("POST", path, { body: { username: "eve" } });
    expect([answer.status, answer.error.fields]).toEqual([400, { password: "not_in_query" }]);
    expect(answer.text).not.toContain("Correct-Horse");
    const { body } = await send("GET", `/applications/${applicationId}/credentials`);
    expect(JSON.stringify(body)).not.toContain("eve");
  });

  test("a session can change something only with its CSRF token and origin", async () => {
    const ada = await givenPerson(world);
    await givenMember(world, acme.organizationId, ada, "owner");
    const { browser } = await givenSession(world, ada);
    const csrf = [...browser.cookies].find(([name]) => name.endsWith("portcullis.csrf"))?.[1] ?? "";
    const create = (headers: Record<string, string>) =>
      browser.fetch("/api/v1/projects", {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify({ name: "By a session" }),
      });
    expect((await create({})).status).toBe(403);
    expect((await create({ "x-csrf-token": csrf, origin: "https://evil.example.org" })).status).toBe(403);
    expect((await create({ "x-csrf-token": csrf })).status).toBe(201);
  });
});

interface DescribedRefusal {
  readonly $ref?: string;
  readonly description: string;
  readonly content: {
    readonly "application/json": {
      readonly schema: { readonly allOf: [unknown, { properties: { error: { properties: { reason: object } } } }] };
    };
  };
}

interface Described {
  readonly operationId: string;
  readonly "x-permission"?: string;
  readonly responses: Record<string, DescribedRefusal>;
}

describe("the description of the REST API", () => {
  const fetchDescription = async () => {
    const response = await world.handler(new Request("http://127.0.0.1/api/openapi.json"), { ip: "192.0.2.44" });
    expect(response.status).toBe(200);
    return (await response.json()) as {
      info: { version: string };
      paths: Record<string, Record<string, Described>>;
      components: { responses: Record<string, DescribedRefusal> };
    };
  };

  test("the description is valid OpenAPI 3.1 for two validators", async () => {
    const document = await fetchDescription();
    const { valid, errors } = await new Validator().validate(structuredClone(document));
    expect([valid, errors]).toEqual([true, undefined]);
    await SwaggerParser.validate(structuredClone(document) as never);
  });

  test("the description has the reasons of each status, with the sentence of each", async () => {
    const { paths, components } = await fetchDescription();
    const responses = paths["/api/v1/applications/{applicationId}/credentials"]?.post?.responses ?? {};
    const conflict = responses["409"];
    const [, narrowed] = conflict?.content["application/json"].schema.allOf ?? [];
    expect(narrowed).toEqual({
      properties: { error: { properties: { reason: { enum: ["changed_meanwhile", "duplicate_username"] } } } },
    });
    expect(conflict?.description).toContain(
      '- `duplicate_username`: for example: This application already has a credential with the username "ada".',
    );
    expect(responses["401"]).toEqual({ $ref: "#/components/responses/Refused401" });
    expect(components.responses.Refused401?.description).toContain("- `key_revoked`: This API key was revoked.");
    expect(Object.keys(responses)).toEqual(
      expect.arrayContaining([
        "201",
        "400",
        "401",
        "403",
        "404",
        "408",
        "409",
        "413",
        "414",
        "415",
        "429",
        "500",
        "503",
      ]),
    );
  });

  test("the description has every operation with its permission, and the version of the package", async () => {
    const { paths, info } = await fetchDescription();
    const found = Object.values(paths).flatMap((methods) => Object.values(methods));
    const permissionOf = new Map(found.map((one) => [one.operationId, one["x-permission"]]));
    for (const { operation } of operationsOf(features)) {
      const { access, name } = operation;
      expect([name, permissionOf.get(name)]).toEqual([
        name,
        access.kind === "permission" ? access.permission : undefined,
      ]);
    }
    const described = operationsOf(features).flatMap(({ operation }) => pathsOf(operation.rest));
    expect(found).toHaveLength(described.length);
    expect(new Set(found.map(({ operationId }) => operationId)).size).toBe(found.length);
    expect(info.version).toBe((JSON.parse(readFileSync("package.json", "utf8")) as { version: string }).version);
  });
});
