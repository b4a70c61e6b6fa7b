import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type GivenOrganization, given, insertGateway, openWorld, type World } from "#tests/support/world";

const local = { folder: "/srv/a folder", command: "traefik '--configFile=/srv/a folder/traefik.yml'" };

interface Instructions {
  readonly command: string | null;
  readonly folder: string | null;
  readonly condition: string;
  readonly since: string | null;
}

let world: World;
let root: GivenOrganization;
let acme: GivenOrganization;
let gatewayId: string;
beforeAll(async () => {
  world = await openWorld({ localGateway: () => local });
  gatewayId = await insertGateway(world.db, world.runtime);
  await world.db.asOwner("update gateways set name = 'local' where gateway_id = $1", [gatewayId]);
  root = await world.organization({ root: true, gatewayId });
  acme = await world.organization({ gatewayId });
});
afterAll(() => world.close());

const instructions = (of: GivenOrganization, id = gatewayId) =>
  given(of).ok<Instructions>("gateways.instructions", { gatewayId: id });

const observed = (condition: string | null, leaseUntil: string) =>
  world.db.asOwner(
    `update gateways set condition = $2, condition_at = '2026-01-02T03:04:05Z', lease_until = now() + $3::interval
     where gateway_id = $1`,
    [gatewayId, condition, leaseUntil],
  );

describe("gateways.instructions", () => {
  test("gives the start command and the folder to members of the root organization, viewers included", async () => {
    expect(await instructions(root)).toMatchObject(local);
    const viewer = world.callAs(await root.key("viewer"));
    expect((await viewer("gateways.instructions", { gatewayId })).data).toMatchObject(local);
  });

  test("gives no path of the machine to another organization that may use the gateway", async () => {
    expect(await instructions(acme)).toMatchObject({ command: null, folder: null });
    expect(JSON.stringify(await instructions(acme))).not.toContain("/srv");
  });

  test("gives no command for a gateway that this process has no folder of", async () => {
    const other = await insertGateway(world.db, world.runtime);
    expect(await instructions(root, other)).toMatchObject({ command: null, folder: null, condition: "unknown" });
  });

  test.each(["serving", "not_running", "cannot_read", "does_not_watch"])(
    "says that the gateway is %s, as its leader observed it",
    async (condition) => {
      await observed(condition, "6 seconds");
      expect(await instructions(acme)).toMatchObject({ condition, since: "2026-01-02T03:04:05.000Z" });
    },
  );

  test("says unknown while no process leads the gateway, and before the first observation", async () => {
    await observed("serving", "-1 second");
    expect(await instructions(root)).toMatchObject({ condition: "unknown", since: null });
    await observed(null, "6 seconds");
    expect(await instructions(root)).toMatchObject({ condition: "unknown", since: null });
  });
});
