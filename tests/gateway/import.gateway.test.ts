import { hash } from "bcryptjs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ImportedCredentials } from "#src/features/credentials/contract";
import { hashForGateway } from "#src/platform/passwords/hash-for-gateway";
import { type GatewayWorld, newHost, newPassword, openGatewayWorld } from "../support/gateway-world";
import { hasTraefik } from "../support/traefik";

describe.skipIf(!hasTraefik())("visitors of an htpasswd file at a real gateway", () => {
  let world: GatewayWorld;
  beforeAll(async () => {
    world = await openGatewayWorld();
  });
  afterAll(() => world?.close());

  const hashes = {
    apr1: (password: string) => hashForGateway(password, "apr1", (size) => Buffer.alloc(size, 7), "org_a"),
    // The variant that Apache's htpasswd writes, with its cost.
    bcrypt: async (password: string) => (await hash(password, 5)).replace(/^\$2[ab]\$/, "$2y$"),
  };

  test.each(["apr1", "bcrypt"] as const)(
    "an imported %s visitor keeps the password, and no other is let in",
    async (kind) => {
      const { tenant } = world;
      const [host, password, wrong, created] = [newHost(), newPassword(), newPassword(), newPassword()];
      const { applicationId } = await tenant.application({
        access: "protected",
        route: { host, upstreams: [{ url: world.upstream.url }] },
      });
      const htpasswd = `ada:${await hashes[kind](password)}\r\nbob:${wrong}\r\n`;
      const imported = await tenant.ok<ImportedCredentials>("security.import", { applicationId, htpasswd });
      expect(imported).toMatchObject({ accepted: 1, refused: 1, hashAlgorithm: kind });
      await tenant.ok("security.create", { applicationId, username: "eve", password: created });
      await tenant.enforced({ applicationId });
      expect(await tenant.exposure(applicationId)).toMatchObject({ state: "protected" });
      const status = async (user: string) => (await world.ask(host, { user })).status;
      expect(await status(`ada:${password}`)).toBe(200);
      expect(await status(`eve:${created}`)).toBe(200);
      expect(await status(`ada:${wrong}`)).toBe(401);
      expect(await status(`bob:${wrong}`)).toBe(401);
      expect((await world.ask(host)).status).toBe(401);
    },
  );
});
