import { afterEach, beforeEach, expect, it } from "vitest";
import { takeChanges } from "#src/delivery/planner/take-changes";
import { changeRows } from "#tests/support/rows/delivery";
import { openWorld, type World } from "#tests/support/world";

let world: World;

beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

it("a delivery takes denies and what closes first, so that no route goes before the deny of its host", async () => {
  const add = (applicationId: string | null, denyGroup: number | null, closes: boolean) =>
    changeRows.insert(world.db.owner, {
      changeId: "chg_1",
      organizationId: "org_1",
      gatewayId: world.gatewayId,
      applicationId,
      denyGroup,
      closes,
    });
  await add("app_opens", null, false);
  await add(null, 0, false);
  await add("app_closes", null, true);
  const taken = await takeChanges(world.runtime.database, world.gatewayId, 2);
  expect(taken).toMatchObject([{ denyGroup: 0 }, { applicationId: "app_closes" }]);
});

it("a delivery takes the first closing change of every organization before the second of one", async () => {
  const add = (organizationId: string, applicationId: string) =>
    changeRows.insert(world.db.owner, {
      changeId: "chg_1",
      organizationId,
      gatewayId: world.gatewayId,
      applicationId,
      closes: true,
    });
  for (let at = 0; at < 5; at++) await add("org_1", `app_${at}`);
  await add("org_2", "app_theirs");
  const taken = await takeChanges(world.runtime.database, world.gatewayId, 3);
  expect(taken.map(({ applicationId }) => applicationId)).toEqual(["app_0", "app_theirs", "app_1"]);
});
