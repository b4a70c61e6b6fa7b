import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type GivenOrganization, given, openWorld, type World } from "#tests/support/world";

interface Tested {
  readonly discovery: string;
  readonly keys: string;
}

let world: World;
let acme: GivenOrganization;
let server: Server;
let issuer: string;
/** The answers of the provider by path. */
let answers: Record<string, (response: ServerResponse) => void>;
const asked: string[] = [];

beforeAll(async () => {
  world = await openWorld();
  server = createServer((request, response) => {
    asked.push(request.url ?? "");
    const answer = answers[request.url ?? ""];
    if (answer) answer(response);
    else response.writeHead(404).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(async () => {
  acme = await world.organization();
  answers = {
    "/.well-known/openid-configuration": (response) => response.end(JSON.stringify(metadata())),
    "/keys": (response) => response.end(JSON.stringify({ keys: [{ kty: "RSA", n: "x", e: "AQAB" }] })),
  };
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await world.close();
});

const metadata = () => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/keys`,
});
const create = async (input: Record<string, unknown> = {}) =>
  (
    await given(acme).ok<{ providerId: string }>("providers.create", {
      name: "Company",
      issuer,
      clientId: "portcullis",
      ...input,
    })
  ).providerId;
const tested = async (providerId: string) => given(acme).ok<Tested>("providers.test", { providerId });

describe("providers.test", () => {
  test("says that metadata and keys were received, also for a disabled provider", async () => {
    expect(await tested(await create())).toEqual({ discovery: "ok", keys: "ok" });
    const disabled = await create({ enabled: false });
    expect(await tested(disabled)).toEqual({ discovery: "ok", keys: "ok" });
  });

  test("asks again each time, whatever a sign-in has cached", async () => {
    const providerId = await create();
    await tested(providerId);
    answers["/.well-known/openid-configuration"] = (response) => response.writeHead(500).end();
    expect(await tested(providerId)).toEqual({ discovery: "provider_unavailable", keys: "skipped" });
  });

  test("says that the metadata names another issuer, or is incomplete", async () => {
    const providerId = await create();
    const respond = (document: unknown) => {
      answers["/.well-known/openid-configuration"] = (response) => response.end(JSON.stringify(document));
    };
    respond({ ...metadata(), issuer: "https://evil.example" });
    expect((await tested(providerId)).discovery).toBe("discovery_issuer_mismatch");
    respond({ issuer });
    expect((await tested(providerId)).discovery).toBe("discovery_invalid");
  });

  test.each([
    ["no keys", (response: ServerResponse) => response.end('{"keys": []}'), "keys_invalid"],
    ["something else", (response: ServerResponse) => response.end("<html>"), "keys_invalid"],
    ["an error", (response: ServerResponse) => response.writeHead(503).end(), "keys_unavailable"],
    [
      "a redirect, which is not followed",
      (response: ServerResponse) => response.writeHead(302, { location: "/elsewhere" }).end(),
      "keys_unavailable",
    ],
  ])("says that the provider answers with %s instead of its keys", async (_what, answer, keys) => {
    answers["/keys"] = answer;
    expect(await tested(await create())).toEqual({ discovery: "ok", keys });
    expect(asked).not.toContain("/elsewhere");
  });

  test("does not call an address that is not allowed, whatever the metadata says", async () => {
    answers["/.well-known/openid-configuration"] = (response) =>
      response.end(JSON.stringify({ ...metadata(), jwks_uri: "http://169.254.169.254/keys" }));
    expect(await tested(await create())).toEqual({ discovery: "provider_unavailable", keys: "skipped" });
  });

  test("is limited for an organization, and repeats no text of the provider", async () => {
    answers["/keys"] = (response) => response.end("a secret of the network");
    const providerId = await create();
    for (let at = 0; at < 20; at++) {
      const answer = await acme.call("providers.test", { providerId });
      expect([answer.status, answer.text.includes("secret")]).toEqual([200, false]);
    }
    expect((await acme.call("providers.test", { providerId })).status).toBe(429);
  });

  test("gets 404 for a provider of another organization", async () => {
    const providerId = await create();
    const beta = await world.organization();
    expect((await beta.call("providers.test", { providerId })).status).toBe(404);
  });
});
