import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { auditEntries } from "#drizzle/audit";
import { type HttpServer, listen } from "#src/http/server/http-server";
import { type CallResponse, readCallResponse } from "../support/call-response";
import { insertEnvironment } from "../support/environment";
import { readRows } from "../support/rows/table";
import { given, openWorld, type World } from "../support/world";

const run = promisify(execFile);
const hasCurl = await run("curl", ["--version"]).then(
  () => true,
  () => false,
);
if (!hasCurl) process.stderr.write("no curl on this machine: the documented lines are not run as they stand\n");

let world: World;
let server: HttpServer;
let key: string;
let applicationId: string;

beforeAll(async () => {
  world = await openWorld();
  const acme = await world.organization();
  key = await acme.key("developer");
  const { environmentId } = await insertEnvironment(world, acme);
  ({ applicationId } = await given(acme).application({ environmentId }));
  server = await listen({ host: "127.0.0.1", port: 0, log: world.runtime.log });
  server.serve({ handler: world.handler, pages: (_request, response) => response.end() });
});
afterAll(async () => {
  await server.close(1_000);
  await world.close();
});

/** Runs curl with these arguments and parses its output. */
async function curl(...args: readonly string[]): Promise<CallResponse<Record<string, unknown>>> {
  const { stdout } = await run("curl", ["-sS", "-i", ...args]);
  const [head = "", body = ""] = stdout.split("\r\n\r\n");
  const [first = "", ...fields] = head.split("\r\n");
  const headers = fields.map((field): [string, string] => {
    const colon = field.indexOf(":");
    return [field.slice(0, colon), field.slice(colon + 1).trim()];
  });
  return readCallResponse(new Response(body, { status: Number(/^HTTP\/1\.1 (\d+)/.exec(first)?.[1]), headers }));
}

const url = (procedure: string) => `http://127.0.0.1:${server.port}/api/trpc/${procedure}`;
const asJson = ["-H", "Content-Type: application/json"];
const withKey = () => ["-H", `x-api-key: ${key}`];

describe.skipIf(!hasCurl)("DK-11: the documented curl commands against a server", () => {
  test.each<[string, readonly string[]]>([
    ["with a content type", asJson],
    ["without a content type", []],
  ])("curl can create, read, update and delete a credential %s", async (_title, type) => {
    const fields = JSON.stringify({ applicationId, username: "ada", password: "securePassword-4711" });
    const created = await curl("-X", "POST", url("security.create"), ...withKey(), ...type, "-d", fields);
    expect([created.status, created.data.username]).toEqual([200, "ada"]);
    const { securityId } = created.data;
    const byId = JSON.stringify({ securityId });

    const one = await curl(url("security.one"), ...withKey(), ...type, "-d", byId);
    expect([one.status, one.data.securityId]).toEqual([200, securityId]);

    const change = JSON.stringify({ securityId, password: "newPassword" });
    const updated = await curl("-X", "POST", url("security.update"), ...withKey(), ...type, "-d", change);
    expect([updated.status, updated.data.securityId]).toEqual([200, securityId]);

    const deleted = await curl("-X", "POST", url("security.delete"), ...withKey(), ...type, "-d", byId);
    expect([deleted.status, deleted.data.becamePublic]).toEqual([200, true]);

    const gone = await curl(url("security.one"), ...withKey(), ...type, "-d", byId);
    expect([gone.status, gone.error.data.reason]).toEqual([404, "not_found"]);
    for (const answer of [created, one, updated, deleted, gone])
      expect(answer.headers.get("x-request-id")).toMatch(/^req_/);
    expect(gone.error.data.requestId).toBe(gone.headers.get("x-request-id"));
  });

  test("curl can call a query with GET", async () => {
    const input = `input=${JSON.stringify({ applicationId })}`;
    const answer = await curl("-G", url("security.list"), ...withKey(), "--data-urlencode", input);
    expect([answer.status, answer.data.items]).toEqual([200, []]);
  });

  test("curl without a key or with a wrong key gets 401 (TM-31)", async () => {
    const missing = await curl(url("security.list"), "-d", "{}", ...asJson);
    expect([missing.status, missing.error.data.reason]).toEqual([401, "no_credentials"]);
    const wrong = await curl(url("security.list"), "-H", "x-api-key: nonsense", "-d", "{}");
    expect([wrong.status, wrong.error.data.reason]).toEqual([401, "key_unknown"]);
  });

  test("the audit log contains the socket address of a curl call", async () => {
    const fields = JSON.stringify({ applicationId, username: "grace", password: "securePassword-4711" });
    const created = await curl(url("security.create"), ...withKey(), ...asJson, "-d", fields);
    const [row] = await readRows(
      world.db.owner,
      auditEntries,
      { requestId: created.headers.get("x-request-id") ?? "" },
      ["ip"],
    );
    expect(row?.ip).toBe("127.0.0.1");
    await curl(
      url("security.delete"),
      ...withKey(),
      ...asJson,
      "-d",
      JSON.stringify({ securityId: created.data.securityId }),
    );
  });
});
