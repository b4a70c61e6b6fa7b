import { afterEach, beforeEach, expect, it } from "vitest";
import { takeChanges } from "../../../src/persistence/sync/take-changes";
import { openWorld, type World } from "../../support/world";

let world: World;

beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

it("takes denies and what closes first, so that no route goes before the deny of its host", async () => {
  const add = (applicationId: string | null, denyGroup: number | null, closes: boolean) =>
    world.db.asOwner(
      `insert into changes (change_id, organization_id, gateway_id, application_id, deny_group, closes, created_at)
       values ('chg_1', 'org_1', $1, $2, $3, $4, now())`,
      [world.gatewayId, applicationId, denyGroup, closes],
    );
  await add("app_opens", null, false);
  await add(null, 0, false);
  await add("app_closes", null, true);
  const taken = await takeChanges(world.runtime.database, world.gatewayId, 2);
  expect(taken).toMatchObject([{ denyGroup: 0 }, { applicationId: "app_closes" }]);
});
