import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CreatedCredential, DeletedCredential } from "#src/features/credentials/contract";
import { type GatewayWorld, newHost, newPassword, openGatewayWorld } from "../support/gateway-world";
import { hasTraefik } from "../support/traefik";

describe.skipIf(!hasTraefik())("the workflow at a real gateway", () => {
  let world: GatewayWorld;
  beforeAll(async () => {
    world = await openGatewayWorld();
  });
  afterAll(() => world?.close());

  const status = async (host: string, user?: string) =>
    (await world.ask(host, user === undefined ? {} : { user })).status;

  /** Checks that the reported exposure is what the gateway does at that moment. */
  async function expectShown(applicationId: string, host: string, state: "public" | "protected" | "closed") {
    const shown = await world.tenant.exposure(applicationId);
    const anonymous = await world.ask(host);
    expect(shown).toMatchObject({ state, intended: state });
    expect(shown.provedAt).not.toBeNull();
    expect(anonymous.status).toBe({ public: 200, protected: 401, closed: 403 }[state]);
    expect(anonymous.pass !== null).toBe(state === "public");
  }

  test("DK-1 DK-17 DK-18 DK-23 every step from the creation to the deletion of an application is enforced", async () => {
    const { tenant } = world;
    const host = newHost();
    const [first, second, third] = [newPassword(), newPassword(), newPassword()];
    const application = await tenant.application({
      route: { host, upstreams: [{ url: world.upstream.url }] },
      credential: { username: "ada", password: first },
    });
    const { applicationId } = application;
    expect(application).toMatchObject({ becamePublic: false, openedBy: null });
    await tenant.enforced(application);
    await expectShown(applicationId, host, "protected");
    expect(await status(host, `ada:${first}`)).toBe(200);
    expect(await status(host, `ada:${second}`)).toBe(401);
    expect(world.upstream.seen.at(-1)?.headers).not.toHaveProperty("authorization");

    const securityId = application.credential?.securityId;
    const changed = await tenant.ok<CreatedCredential>("security.update", { securityId, password: second });
    await tenant.enforced(changed);
    expect(await status(host, `ada:${first}`)).toBe(401);
    expect(await status(host, `ada:${second}`)).toBe(200);

    const added = await tenant.ok<CreatedCredential>("security.create", {
      applicationId,
      username: "bob",
      password: third,
    });
    await tenant.enforced(added);
    expect(await status(host, `ada:${second}`)).toBe(200);
    expect(await status(host, `bob:${third}`)).toBe(200);

    const one = await tenant.ok<DeletedCredential>("security.delete", { securityId });
    expect(one.becamePublic).toBe(false);
    await tenant.enforced(one);
    await expectShown(applicationId, host, "protected");
    expect(await status(host, `ada:${second}`)).toBe(401);
    expect(await status(host, `bob:${third}`)).toBe(200);

    const last = await tenant.ok<DeletedCredential>("security.delete", { securityId: added.securityId });
    expect(last.becamePublic).toBe(true);
    await tenant.enforced(last);
    await expectShown(applicationId, host, "public");

    const closed = await tenant.ok<CreatedCredential>("security.create", {
      applicationId,
      username: "ada",
      password: first,
    });
    await tenant.enforced(closed);
    await expectShown(applicationId, host, "protected");

    const deleted = await tenant.ok<{ sync: { changeId: string } }>("applications.delete", { applicationId });
    await tenant.enforced(deleted);
    expect(await world.ask(host)).toMatchObject({ status: 403, pass: null });
    expect(await status(host, `ada:${first}`)).toBe(403);
    expect(world.upstream.seen.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  });

  test("DK-19 a protected application stays closed when its last credential is deleted", async () => {
    const { tenant } = world;
    const host = newHost();
    const password = newPassword();
    const application = await tenant.application({
      access: "protected",
      route: { host, upstreams: [{ url: world.upstream.url }] },
    });
    await tenant.enforced(application);
    await expectShown(application.applicationId, host, "closed");
    const credential = await tenant.ok<CreatedCredential>("security.create", {
      applicationId: application.applicationId,
      username: "ada",
      password,
    });
    await tenant.enforced(credential);
    await expectShown(application.applicationId, host, "protected");
    const deleted = await tenant.ok<DeletedCredential>("security.delete", { securityId: credential.securityId });
    expect(deleted.becamePublic).toBe(false);
    await tenant.enforced(deleted);
    await expectShown(application.applicationId, host, "closed");
    expect(await status(host, `ada:${password}`)).toBe(403);
  });

  test("DK-19 an application without a credential is public, and the response says so", async () => {
    const host = newHost();
    const application = await world.tenant.application({
      route: { host, upstreams: [{ url: world.upstream.url }] },
    });
    expect(application).toMatchObject({ becamePublic: true, openedBy: "create" });
    await world.tenant.enforced(application);
    await expectShown(application.applicationId, host, "public");
  });
});
