import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CreatedApplication } from "#src/features/applications/contract";
import type { CreatedCredential } from "#src/features/credentials/contract";
import { inParallel } from "#src/platform/in-parallel";
import { type GatewayWorld, newHost, newPassword, openGatewayWorld } from "../support/gateway-world";
import { long } from "../support/length";
import { hasTraefik } from "../support/traefik";

const applicationCount = long(2_000, 80);
const changeCount = long(600, 36);

describe.skipIf(!hasTraefik())(`overlapping deliveries over ${applicationCount} applications`, () => {
  let world: GatewayWorld;
  let created: (CreatedApplication & { host: string; password: string })[] = [];

  beforeAll(async () => {
    world = await openGatewayWorld({
      PORTCULLIS_WAITS_PER_CALLER: "200",
      PORTCULLIS_ACTIVE_REQUESTS_PER_ORGANIZATION: "250",
    });
    created = Array.from({ length: applicationCount }) as typeof created;
    await inParallel([...created.keys()], 12, async (index) => {
      const [host, password] = [newHost("many"), newPassword()];
      const application = await world.tenant.application({
        name: `Many ${index}`,
        route: { host, upstreams: [{ url: world.upstream.url }] },
        credential: { username: "ada", password },
      });
      created[index] = { ...application, host, password };
    });
  }, 300_000);
  afterAll(() => world?.close());

  const statusOf = async (host: string, user?: string) => (await world.ask(host, user ? { user } : {})).status;
  const any = () => created[Math.floor(Math.random() * created.length)] as (typeof created)[number];

  /** Compares the claimed state of a change with the gateway at that moment. No later change reverses it. */
  async function expectTrue(changeId: string | null, holds: () => Promise<void>): Promise<void> {
    await world.tenant.enforced({ sync: { changeId } });
    await holds();
  }

  test("a change is never reported as enforced before the gateway enforces it", async () => {
    await inParallel(Array.from({ length: changeCount }), long(96, 24), async (_, index) => {
      const { applicationId, host } = any();
      const [username, password] = [`user-${index}`, newPassword()];
      const created = await world.tenant.ok<CreatedCredential>("security.create", {
        applicationId,
        username,
        password,
      });
      await expectTrue(created.sync.changeId, async () => {
        expect(await statusOf(host, `${username}:${password}`), "created").toBe(200);
        expect(await statusOf(host)).toBe(401);
      });
      if (index % 3 === 0) return;
      const { securityId } = created;
      const next = newPassword();
      const isUpdate = index % 3 === 1;
      const changed = isUpdate
        ? await world.tenant.ok<CreatedCredential>("security.update", { securityId, password: next })
        : await world.tenant.ok<CreatedCredential>("security.delete", { securityId });
      await expectTrue(changed.sync.changeId, async () => {
        expect(await statusOf(host, `${username}:${password}`), "revoked").toBe(401);
        if (isUpdate) expect(await statusOf(host, `${username}:${next}`), "updated").toBe(200);
      });
    });
  }, 900_000);

  test("an application that is created, closed and deleted during other deliveries shows what the gateway does", async () => {
    await inParallel(Array.from({ length: long(64, 6) }), long(32, 8), async () => {
      const host = newHost("short");
      const application = await world.tenant.application({
        access: "protected",
        route: { host, upstreams: [{ url: world.upstream.url }] },
        credential: { username: "ada", password: newPassword() },
      });
      const { applicationId } = application;
      for (;;) {
        const [{ state }, status] = [await world.tenant.exposure(applicationId), await statusOf(host)];
        if (state === "unknown") {
          await delay(25);
          continue;
        }
        expect([state, status]).toEqual(["protected", 401]);
        break;
      }
      const closed = await world.tenant.ok<CreatedCredential>("security.delete", {
        securityId: application.credential?.securityId,
      });
      await expectTrue(closed.sync.changeId, async () => expect(await statusOf(host)).toBe(403));
      const deleted = await world.tenant.ok<CreatedApplication>("applications.delete", { applicationId });
      await expectTrue(deleted.sync.changeId, async () => expect(await statusOf(host)).toBe(403));
    });
  }, 900_000);

  test("every application is protected in the end", async () => {
    await inParallel(created, 8, async ({ applicationId, host, password }) => {
      await world.tenant.enforced({ applicationId });
      expect(await statusOf(host)).toBe(401);
      expect(await statusOf(host, `ada:${password}`)).toBe(200);
    });
  }, 900_000);
});
