import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { auditEntries } from "#drizzle/audit";
import { newId } from "#src/platform/ids";
import { readCallResponse } from "../support/call-response";
import { insertEnvironment } from "../support/environment";
import { readRows } from "../support/rows/table";
import { type GivenOrganization, given, openWorld, type World } from "../support/world";

let world: World;
let acme: GivenOrganization;
let beta: GivenOrganization;
let environmentId: string;
let applicationId: string;

beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization();
  beta = await world.organization();
  ({ environmentId } = await insertEnvironment(world, acme));
  ({ applicationId } = await given(acme).application({ environmentId, access: "protected" }));
});
afterAll(() => world.close());

const upstreams = [{ url: "http://10.20.30.40:8080" }];

async function refusalOf(procedure: string, input: Record<string, unknown>, by = acme) {
  const { status, error } = await by.call(procedure, input);
  return { status, reason: error.data.reason, message: error.message, text: JSON.stringify(error) };
}

describe("the message of a refusal", () => {
  test("names the username that another credential of the application has", async () => {
    await given(acme).ok("security.create", { applicationId, username: "ada" });
    expect(await refusalOf("security.create", { applicationId, username: "ada" })).toMatchObject({
      status: 409,
      reason: "duplicate_username",
      message:
        'This application already has a credential with the username "ada". Choose another username, or change that credential.',
    });
  });

  test("names the host of another organization, and nothing else of that organization", async () => {
    const host = "wiki.messages.example.com";
    await given(acme).ok("routes.create", { applicationId, host, upstreams });
    const inserted = await insertEnvironment(world, beta);
    const other = await given(beta).application({ environmentId: inserted.environmentId, access: "protected" });
    const input = { applicationId: other.applicationId, host, upstreams: [{ url: "http://10.20.30.41:8080" }] };
    const refused = await refusalOf("routes.create", input, beta);
    expect(refused).toMatchObject({
      reason: "host_taken",
      message:
        'The host "wiki.messages.example.com" belongs to another organization at this gateway. Use another host.',
    });
    expect(refused.text).not.toContain(acme.organizationId);
    expect(refused.text).not.toContain(applicationId);
  });

  test("names the host and the path that a route has already", async () => {
    const route = { applicationId, host: "docs.messages.example.com", pathPrefix: "/admin", upstreams };
    await given(acme).ok("routes.create", route);
    expect((await refusalOf("routes.create", route)).message).toBe(
      'Your organization already has a route for the host "docs.messages.example.com" and the path "/admin" at this gateway. Change that route, or use another host or path.',
    );
  });

  test("names the name that another role has", async () => {
    const role = { name: "Auditor", permissions: ["project:read"] };
    await given(acme).ok("roles.create", role);
    expect((await refusalOf("roles.create", role)).message).toBe(
      'There is already a role with the name "Auditor". Choose another name.',
    );
  });

  test("names the fields of an input with their words", async () => {
    expect((await refusalOf("security.create", { applicationId, username: "", planted: 1 })).message).toBe(
      "The input is invalid: username (too_small), planted (unknown_field).",
    );
  });

  test("names the permission that is missing", async () => {
    const call = world.callAs(await acme.key("viewer"));
    const { error } = await call("projects.create", { name: "x" });
    expect([error.data.reason, error.message]).toEqual([
      "key_scope",
      "This API key does not include the permission project:create here, although its holder has it. Use a key that includes it.",
    ]);
  });

  test("names the kind and the id of an object that is not found, the same for one of another organization", async () => {
    const nowhere = newId("application");
    const [none, theirs] = [
      await refusalOf("applications.one", { applicationId: nowhere }, beta),
      await refusalOf("applications.one", { applicationId }, beta),
    ];
    expect(none.message).toBe(
      `There is no application with the id "${nowhere}" that you can access. Check the id, and which organization your key or session is for.`,
    );
    expect(theirs.message).toBe(none.message.replace(nowhere, applicationId));
  });

  test("repeats no text in the place of an id: it can be a pasted secret", async () => {
    const refused = await refusalOf("applications.one", { applicationId: "Correct-Horse-7-Battery" });
    expect(refused).toMatchObject({ status: 404, reason: "not_found" });
    expect(refused.message).toMatch(/^There is no application that you can access\./);
    expect(refused.text).not.toContain("Correct-Horse");
  });

  test("names the method and the path of REST that there is not", async () => {
    const response = await world.handler(new Request("http://127.0.0.1/api/v1/nowhere"), { ip: "192.0.2.45" });
    const { error } = await readCallResponse(response);
    expect([response.status, error.message]).toEqual([
      404,
      "No such endpoint: GET /api/v1/nowhere. docs/api.md lists the endpoints.",
    ]);
  });
});

test("a refusal's message is not in the log, and its reason is in the audit log", async () => {
  await given(acme).ok("security.create", { applicationId, username: "grace" });
  await refusalOf("security.create", { applicationId, username: "grace" });
  const text = JSON.stringify(await readRows(world.db.owner, auditEntries, { outcome: "refused" }));
  expect(text).toContain("duplicate_username");
  expect(text).not.toContain("already has");
  expect(world.log()).not.toContain("already has");
});
