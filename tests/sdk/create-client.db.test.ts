import { TRPCClientError } from "@trpc/client";
import type { inferRouterInputs, inferRouterOutputs } from "@trpc/server";
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from "vitest";
import { features } from "#src/features/all";
import { type HttpServer, listen } from "#src/http/server/http-server";
import { operationsOf } from "#src/operations/operations-of";
import { newId } from "#src/platform/ids";
import { type Client, createClient, type DetailsOf, type Reason, type Router } from "#src/sdk/create-client";
import { registerSecret } from "../support/secrets";
import { type GivenOrganization, openWorld, type World } from "../support/world";

let world: World;
let acme: GivenOrganization;
let server: HttpServer;
let url: string;
let client: Client;

beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization();
  server = await listen({ host: "127.0.0.1", port: 0, log: world.runtime.log });
  server.serve({ handler: world.handler, pages: (_request, response) => response.end() });
  url = `http://127.0.0.1:${server.port}`;
  client = createClient({ url, apiKey: await acme.key("owner") });
});
afterAll(async () => {
  await server.close(1_000);
  await world.close();
});

/** The error of a call that the API must refuse. Any other outcome fails the test. */
async function refusalOf(call: Promise<unknown>): Promise<TRPCClientError<Router>> {
  const error = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof TRPCClientError)) throw new Error("The API did not refuse the call", { cause: error });
  return error;
}

async function application() {
  const { projectId } = await client.projects.create.mutate({ name: "Project" });
  const { environmentId } = await client.environments.create.mutate({ projectId, name: "Live", kind: "production" });
  return client.applications.create.mutate({ environmentId, name: "Wiki", access: "protected" });
}

test("DK-12, DK-23: the client runs the whole workflow on a real server, with types from the router", async () => {
  const session = await client.auth.session.query();
  expect(session.organization?.organizationId).toBe(acme.organizationId);
  const { applicationId, exposure } = await application();
  expectTypeOf(exposure.state).toEqualTypeOf<"public" | "protected" | "closed" | "exposed" | "unknown">();
  const route = await client.routes.create.mutate({
    applicationId,
    host: "sdk.example",
    upstreams: [{ url: "http://10.0.5.1:80" }],
  });
  expectTypeOf(route.pathPrefix).toEqualTypeOf<string | null>();
  const created = await client.security.create.mutate({ applicationId, username: "ada" });
  expectTypeOf(created.password).toEqualTypeOf<string | undefined>();
  expect(registerSecret(created.password ?? "").length).toBeGreaterThan(11);
  const { securityId } = created;
  expect(await client.security.one.query({ securityId })).toMatchObject({
    username: "ada",
    sync: { state: "pending" },
  });
  expect((await client.security.update.mutate({ securityId, username: "Grace Höpper ♥" })).username).toBe(
    "Grace Höpper ♥",
  );
  const { items, nextCursor } = await client.security.list.query({ applicationId, limit: 1 });
  expectTypeOf(nextCursor).toEqualTypeOf<string | null>();
  expect(items.map((item) => item.securityId)).toEqual([securityId]);
  const waited = await client.sync.wait.query({ applicationId, state: "applied", timeoutMs: 0 });
  expect(waited).toMatchObject({ reached: false, reason: "timeout" });
  const deleted = await client.security.delete.mutate({ securityId });
  expectTypeOf(deleted.becamePublic).toEqualTypeOf<boolean>();
  expect(deleted.becamePublic).toBe(false);
  expect((await client.projects.list.query()).items.map(({ name }) => name)).toContain("Project");
  expect((await client.organizations.one.query()).organizationId).toBe(acme.organizationId);
});

test("a client refuses to work in another organization than the one that it names", async () => {
  const apiKey = await acme.key("owner");
  const own = createClient({ url, apiKey, organization: acme.organizationId });
  expect((await own.auth.session.query()).organization?.organizationId).toBe(acme.organizationId);
  const { organizationId } = await world.organization();
  const foreign = createClient({ url, apiKey, organization: organizationId });
  expect((await refusalOf(foreign.auth.session.query())).data).toMatchObject({ reason: "not_found" });
});

test("a consumer can name the types of inputs and outputs, and an unknown procedure has no type", () => {
  type Inputs = inferRouterInputs<Router>;
  type Outputs = inferRouterOutputs<Router>;
  expectTypeOf<Inputs["security"]["create"]>().toEqualTypeOf<{
    applicationId: string;
    username: string;
    password?: string | undefined;
  }>();
  expectTypeOf<Inputs["sync"]["wait"]["state"]>().toEqualTypeOf<"applied" | "loaded" | "enforced" | undefined>();
  expectTypeOf<Outputs["keys"]["create"]["key"]>().toEqualTypeOf<string>();
  expectTypeOf<Outputs["keys"]["one"]>().not.toHaveProperty("key");
  expectTypeOf<Outputs["security"]["one"]>().not.toHaveProperty("password");
  expectTypeOf<Client>().not.toBeAny();
  expectTypeOf<Client["security"]["create"]["mutate"]>().not.toBeAny();
  expectTypeOf<Client["security"]["create"]>().not.toHaveProperty("query");
  expectTypeOf<Client["security"]["one"]>().not.toHaveProperty("mutate");
  expectTypeOf<Client>().not.toHaveProperty("users");
  expect(operationsOf(features).filter(({ operation }) => operation.takesVersion).length).toBeGreaterThan(20);
});

describe("DK-14: errors of the client", () => {
  test("a refusal has a status, a reason and the id of its request", async () => {
    const securityId = newId("credential");
    const error = await refusalOf(client.security.one.query({ securityId }));
    expectTypeOf(error.data?.reason).toEqualTypeOf<Reason | undefined>();
    expectTypeOf(error.data?.fields).toEqualTypeOf<Readonly<Record<string, string>> | undefined>();
    expect(error.data).toEqual({
      code: "NOT_FOUND",
      httpStatus: 404,
      reason: "not_found",
      requestId: expect.stringMatching(/^req_/),
    });
    expect(error.message).toBe(
      `There is no credential with the id "${securityId}" that you can access. Check the id, and which organization your key or session is for.`,
    );
  });

  test("a refusal names the invalid fields of an input and the conflict of a name that is taken", async () => {
    const { applicationId } = await application();
    const invalid = await refusalOf(client.security.create.mutate({ applicationId, username: "" }));
    expect(invalid.data).toMatchObject({ httpStatus: 400, reason: "invalid_input", fields: { username: "too_small" } });
    const password = registerSecret("Lovelace-1815-sdk");
    await client.security.create.mutate({ applicationId, username: "ada", password });
    const taken = await refusalOf(client.security.create.mutate({ applicationId, username: "ada", password }));
    expect(taken.data).toMatchObject({ httpStatus: 409, reason: "duplicate_username" });
    expect(taken.message).toBe(
      'This application already has a credential with the username "ada". Choose another username, or change that credential.',
    );
    expect(JSON.stringify(taken)).not.toContain(password);
  });

  test("a wrong key and a missing permission have different reasons", async () => {
    const stranger = createClient({ url, apiKey: "not-a-key" });
    expect((await refusalOf(stranger.auth.session.query())).data).toMatchObject({
      httpStatus: 401,
      reason: "key_unknown",
    });
    const viewer = createClient({ url, apiKey: await acme.key("viewer") });
    const refused = await refusalOf(viewer.projects.create.mutate({ name: "x" }));
    expect(refused.data).toMatchObject({ httpStatus: 403, reason: "key_scope" });
  });

  test("a server that does not answer gives an error without data", async () => {
    const closedServer = await listen({ host: "127.0.0.1", port: 0, log: world.runtime.log });
    await closedServer.close(0);
    const unreachable = createClient({ url: `http://127.0.0.1:${closedServer.port}`, apiKey: "x" });
    expect((await refusalOf(unreachable.auth.session.query())).data).toBeUndefined();
  });
});

test("the client sends no input in the URL and accepts a base URL that ends with slashes", async () => {
  const sent: { url: string; method: string | undefined }[] = [];
  const observed = createClient({
    url: `${url}//`,
    apiKey: await acme.key("viewer"),
    fetch: (input, init) => {
      sent.push({ url: String(input), method: init?.method });
      return fetch(input, init);
    },
  });
  await observed.projects.list.query({ limit: 2 });
  await observed.auth.session.query();
  expect(sent).toEqual([
    { url: `${url}/api/trpc/projects.list`, method: "POST" },
    { url: `${url}/api/trpc/auth.session`, method: "POST" },
  ]);
});

test("a call can be aborted", async () => {
  const { applicationId } = await application();
  await client.security.create.mutate({ applicationId, username: "ada" });
  const abort = new AbortController();
  const waiting = client.sync.wait.query({ applicationId, timeoutMs: 60_000 }, { signal: abort.signal });
  abort.abort();
  await expect(waiting).rejects.toThrow(/abort/i);
});

test("G8: an update takes the version that the caller last saw, and a refusal says who changed the object", async () => {
  const { projectId, version } = await client.projects.create.mutate({ name: "Website" });
  const { version: next } = await client.projects.update.mutate({ projectId, name: "Shop", ifVersion: version });
  const error = await refusalOf(client.projects.update.mutate({ projectId, name: "Blog", ifVersion: version }));
  expect([error.data?.reason, error.data?.details]).toEqual([
    "stale_version",
    { kind: "project", by: { kind: "apiKey", name: "owner" }, at: expect.any(String), version: next },
  ]);
  expectTypeOf<DetailsOf<"stale_version">["at"]>().toEqualTypeOf<string | null>();
  expectTypeOf<DetailsOf<"confirmation_required">["total"]>().toEqualTypeOf<number>();
});

test("G8: the input of an update or a delete of an object with a version has ifVersion, and no other input has it", () => {
  type Inputs = inferRouterInputs<Router>;
  expectTypeOf<Inputs["projects"]["update"]["ifVersion"]>().toEqualTypeOf<number | undefined>();
  expectTypeOf<Inputs["organizations"]["update"]["ifVersion"]>().toEqualTypeOf<number | undefined>();
  expectTypeOf<Inputs["profile"]["update"]["ifVersion"]>().toEqualTypeOf<number | undefined>();
  expectTypeOf<Inputs["security"]["delete"]["ifVersion"]>().toEqualTypeOf<number | undefined>();
  expectTypeOf<Inputs["projects"]["create"]>().not.toHaveProperty("ifVersion");
  expectTypeOf<Inputs["applications"]["close"]>().not.toHaveProperty("ifVersion");
  expectTypeOf<Inputs["invitations"]["delete"]>().not.toHaveProperty("ifVersion");
  expect(operationsOf(features).filter(({ operation }) => operation.takesVersion).length).toBeGreaterThan(20);
});
