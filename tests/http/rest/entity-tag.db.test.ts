import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { security } from "#drizzle/security";
import { insertEnvironment } from "#tests/support/environment";
import { updateRows } from "#tests/support/rows/table";
import { type GivenOrganization, given, openWorld, type World } from "#tests/support/world";

let world: World;
let acme: GivenOrganization;
let beta: GivenOrganization;
let key: string;
let environmentId: string;

beforeAll(async () => {
  world = await openWorld();
  [acme, beta] = [await world.organization(), await world.organization()];
  key = await acme.key("owner");
  ({ environmentId } = await insertEnvironment(world, acme));
});
afterAll(() => world.close());

interface Refused {
  readonly reason: string;
  readonly fields?: Record<string, string>;
  readonly details?: Record<string, unknown>;
}

async function send(
  method: string,
  path: string,
  { body, headers = {}, as = key }: { body?: unknown; headers?: Record<string, string>; as?: string } = {},
) {
  const request = new Request(`http://127.0.0.1/api/v1${path}`, {
    method,
    headers: { "x-api-key": as, ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const response = await world.handler(request, { ip: "192.0.2.45" });
  const text = await response.text();
  const parsed = (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
  return {
    status: response.status,
    etag: response.headers.get("etag"),
    text,
    body: parsed,
    error: parsed.error as Refused,
  };
}

/** Creates an application with a host, and returns its path and its tag. */
async function wiki() {
  const { applicationId } = await given(acme).application({ environmentId, access: "protected" });
  const path = `/applications/${applicationId}`;
  const { etag, body } = await send("GET", path);
  return { applicationId, path, etag: etag ?? "", version: body.version };
}
const rename = (path: string, name: string, ifMatch?: string) =>
  send("PATCH", path, { body: { name }, headers: ifMatch === undefined ? {} : { "if-match": ifMatch } });

describe("ETag and If-Match (G8)", () => {
  test("a response with one object has a strong ETag that begins with the version of the object", async () => {
    const created = await send("POST", "/projects", { body: { name: "Website" } });
    expect([created.status, created.etag]).toEqual([201, `"${created.body.version}"`]);
    const one = await send("GET", `/projects/${created.body.projectId}`);
    expect(one.etag).toMatch(new RegExp(`^"${created.body.version}\\.[\\w-]{16}"$`));
    const renamed = await send("PATCH", `/projects/${created.body.projectId}`, { body: { name: "Shop" } });
    expect(renamed.etag).toBe(`"${renamed.body.version}"`);
    expect((await send("GET", "/projects")).etag).toBeNull();
    expect((await send("DELETE", `/projects/${created.body.projectId}`)).etag).toBeNull();
  });

  test("of two editors with the same ETag, the second one gets 412 with who changed the object, when, and its version", async () => {
    const { path, etag } = await wiki();
    const first = await rename(path, "First", etag);
    expect([first.status, first.body.name]).toEqual([200, "First"]);
    const second = await rename(path, "Second", etag);
    expect([second.status, second.error.reason]).toEqual([412, "stale_version"]);
    expect(second.error.details).toEqual({
      kind: "application",
      by: { kind: "apiKey", name: "owner" },
      at: expect.any(String),
      version: first.body.version,
    });
    expect((await send("GET", path)).body.name).toBe("First");
    expect((await rename(path, "Third", first.etag ?? "")).status).toBe(200);
  });

  test("a state that was observed at the gateway changes the ETag, and does not make an update stale", async () => {
    const { path, etag, applicationId } = await wiki();
    const { securityId } = await given(acme).credential(applicationId);
    const after = await send("GET", path);
    expect(after.etag).not.toBe(etag);
    expect(after.etag?.split(".")[0]).toBe(etag.split(".")[0]);
    expect((await rename(path, "Renamed", etag)).status).toBe(200);

    const credential = await send("GET", `/credentials/${securityId}`);
    await updateRows(world.db.owner, security, { securityId }, { lastUsedAt: new Date() });
    const used = await send("GET", `/credentials/${securityId}`);
    expect([used.body.version, used.etag === credential.etag]).toEqual([credential.body.version, false]);
  });

  test.each([
    ["*", 200],
    ['W/"@"', 412],
    ['"other", "@"', 200],
    ['"other"', 412],
    ['W/"@", "@"', 200],
    ["@", 400],
    ["", 200],
  ])("If-Match %j is answered with %i (RFC 9110)", async (ifMatch, status) => {
    const { path, version } = await wiki();
    const renamed = await rename(
      path,
      "Renamed",
      ifMatch === "" ? undefined : ifMatch.replaceAll("@", String(version)),
    );
    expect([renamed.status, renamed.error?.fields]).toEqual([
      status,
      status === 400 ? { "if-match": "malformed" } : undefined,
    ]);
  });

  test("a delete with an earlier ETag deletes nothing", async () => {
    const { path, etag } = await wiki();
    const { etag: next } = await rename(path, "Renamed");
    const refused = await send("DELETE", path, { headers: { "if-match": etag } });
    expect([refused.status, refused.error.reason]).toEqual([412, "stale_version"]);
    expect((await send("DELETE", path, { headers: { "if-match": next ?? "" } })).status).toBe(200);
  });

  test("a change that cannot depend on a version is refused with If-Match, and runs with *", async () => {
    const { path, etag } = await wiki();
    const close = (ifMatch: string) =>
      send("POST", `${path}/close`, { body: { reason: "An incident." }, headers: { "if-match": ifMatch } });
    const refused = await close(etag);
    expect([refused.status, refused.error.fields]).toEqual([400, { "if-match": "not_supported" }]);
    expect((await close("*")).status).toBe(200);
  });

  test("the version can be in the body, and not in the body and in If-Match", async () => {
    const { path, etag, version } = await wiki();
    const twice = await send("PATCH", path, { body: { name: "A", ifVersion: version }, headers: { "if-match": etag } });
    expect([twice.status, twice.error.fields]).toEqual([400, { ifVersion: "also_in_if_match" }]);
    expect((await send("PATCH", path, { body: { name: "A", ifVersion: version } })).status).toBe(200);
    expect((await send("PATCH", path, { body: { name: "B", ifVersion: version } })).status).toBe(412);
    expect((await send("DELETE", `${path}?ifVersion=${version}`)).status).toBe(412);
  });

  test("another organization gets 404 and not 412, whatever version it names", async () => {
    const { path, etag } = await wiki();
    const stranger = await beta.key("owner");
    for (const ifMatch of [etag, '"0"', "*", "malformed"]) {
      const refused = await send("PATCH", path, {
        body: { name: "Mine" },
        headers: { "if-match": ifMatch },
        as: stranger,
      });
      expect([ifMatch, refused.status]).toEqual([ifMatch, 404]);
    }
  });

  test("a caller without the permission gets 403 and not 412", async () => {
    const { path } = await wiki();
    const viewer = await acme.key("viewer");
    const refused = await send("PATCH", path, { body: { name: "Mine" }, headers: { "if-match": '"0"' }, as: viewer });
    expect(refused.status).toBe(403);
  });

  test("a request with If-None-Match gets 304 without a body only while the whole response is the same", async () => {
    const { path, etag, applicationId } = await wiki();
    for (const header of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const same = await send("GET", path, { headers: { "if-none-match": header } });
      expect([same.status, same.text, same.etag]).toEqual([304, "", etag]);
    }
    const version = etag.split(".")[0];
    for (const header of [`${version}"`, '"other"', "malformed"]) {
      expect((await send("GET", path, { headers: { "if-none-match": header } })).status).toBe(200);
    }
    await given(acme).ok("applications.close", { applicationId, reason: "An incident." });
    const closed = await send("GET", path, { headers: { "if-none-match": etag } });
    expect([closed.status, closed.body.closed !== null]).toEqual([200, true]);
  });
});
