import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Application } from "#src/features/applications/contract";
import { type GatewayWorld, newHost, newPassword, openGatewayWorld } from "../support/gateway-world";
import { hasTraefik } from "../support/traefik";

describe.skipIf(!hasTraefik())("closing an application by hand at a real gateway", () => {
  let world: GatewayWorld;
  beforeAll(async () => {
    world = await openGatewayWorld();
  });
  afterAll(() => world?.close());

  test("a closed application refuses a correct password on every route, and takes it again after reopening", async () => {
    const { tenant } = world;
    const [host, second, password] = [newHost(), newHost(), newPassword()];
    const application = await tenant.application({
      route: { host, upstreams: [{ url: world.upstream.url }] },
      credential: { username: "ada", password },
    });
    const { applicationId } = application;
    await tenant.enforced(application);
    const user = `ada:${password}`;
    expect((await world.ask(host, { user })).status).toBe(200);

    const closed = await tenant.ok<Application>("applications.close", {
      applicationId,
      reason: "The password leaked.",
    });
    await tenant.enforced(closed);
    const served = world.upstream.seen.length;
    expect(await world.ask(host, { user })).toMatchObject({ status: 403, pass: null });
    expect(await world.ask(host)).toMatchObject({ status: 403, pass: null });
    expect(await tenant.exposure(applicationId)).toMatchObject({ state: "closed", reason: "closed_by_hand" });

    // What is added while it is closed is closed too.
    const added = await tenant.ok<Application>("routes.create", {
      applicationId,
      host: second,
      upstreams: [{ url: world.upstream.url }],
    });
    await tenant.enforced(added);
    expect(await world.ask(second, { user })).toMatchObject({ status: 403, pass: null });
    // A new process compiles the same from the database.
    await world.restartPlane();
    expect(await tenant.known(applicationId)).toMatchObject({ state: "closed", reason: "closed_by_hand" });
    expect((await world.ask(host, { user })).status).toBe(403);
    expect(world.upstream.seen).toHaveLength(served);

    const reopened = await tenant.ok<Application>("applications.reopen", { applicationId, reason: "Rotated." });
    await tenant.enforced(reopened);
    expect((await world.ask(host)).status).toBe(401);
    expect((await world.ask(host, { user })).status).toBe(200);
    expect((await world.ask(second, { user })).status).toBe(200);
    expect(await tenant.exposure(applicationId)).toMatchObject({ state: "protected" });
  });
});
