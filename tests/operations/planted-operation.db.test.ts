import { afterAll, beforeAll, expect, test } from "vitest";
import { ActiveRequests } from "#src/http/active-requests";
import { createApp } from "#src/http/app";
import { type Handler, handlerOf } from "#src/http/handler";
import { mountsOf } from "#src/http/mounts";
import { plantedTree } from "../support/planted-operation";
import { type GivenOrganization, given, openWorld, type World } from "../support/world";

let world: World;
let acme: GivenOrganization;
let handler: Handler;
let applicationId: string;

beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization();
  ({ applicationId } = await given(acme).application());
  const { runtime } = world;
  const isReady = async () => Response.json({});
  handler = handlerOf(createApp(mountsOf(plantedTree)), { runtime, requests: new ActiveRequests(), isReady });
});
afterAll(() => world.close());

async function post(path: string, body: object, key: string | null): Promise<{ status: number; body: unknown }> {
  const request = new Request(`http://127.0.0.1${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(key === null ? {} : { "x-api-key": key }) },
    body: JSON.stringify(body),
  });
  const response = await handler(request, { ip: "192.0.2.44" });
  return { status: response.status, body: await response.json() };
}

test("an operation that is only declared runs over tRPC and REST, with its permission", async () => {
  const [owner, viewer] = [await acme.key("owner"), await acme.key("viewer")];
  const [overRest, overTrpc] = [`/api/v1/applications/${applicationId}/bookmarks`, "/api/trpc/bookmarks.create"];
  const created = { bookmarkId: "bmk_1", title: "Start page" };
  const title = "Start page";
  expect(await post(overRest, { title }, owner)).toEqual({ status: 201, body: created });
  expect(await post(overTrpc, { applicationId, title }, owner)).toEqual({
    status: 200,
    body: { result: { data: created } },
  });
  expect((await post(overRest, { title }, viewer)).status).toBe(403);
  expect((await post(overTrpc, { applicationId, title }, viewer)).status).toBe(403);
  expect((await post(overRest, { title }, null)).body).toMatchObject({ error: { reason: "no_credentials" } });
  expect((await post(overTrpc, { applicationId, title }, null)).body).toMatchObject({
    error: { data: { reason: "no_credentials" } },
  });
});
