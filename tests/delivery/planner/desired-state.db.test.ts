import { expect, it } from "vitest";
import { security } from "#drizzle/security";
import { asSync } from "#src/database/as-sync";
import { readApplications } from "#src/delivery/planner/desired-state";
import { updateRows } from "#tests/support/rows/table";
import { openSyncWorld, password } from "../sync-world";

it("a credential is valid until the moment of its end, and counts as an invalid row from then on (DK-21, DK-19)", async () => {
  const sync = await openSyncWorld();
  try {
    const { applicationId } = await sync.given.application({
      access: "public-when-empty",
      credential: { username: "ada", password: password() },
    });
    const end = new Date("2026-06-01T12:00:00Z");
    await updateRows(sync.world.db.owner, security, { applicationId }, { expiresAt: end });
    const validAt = async (now: Date) => {
      const [stored] = await asSync(sync.world.runtime.database, (tx) =>
        readApplications(tx, sync.gatewayId, [applicationId], now),
      );
      return stored?.credentials.map(({ username, valid }) => [username, valid]);
    };
    expect(await validAt(new Date(end.getTime() - 1))).toEqual([["ada", true]]);
    expect(await validAt(end)).toEqual([["ada", false]]);
    expect(await validAt(new Date(end.getTime() + 1))).toEqual([["ada", false]]);
  } finally {
    await sync.close();
  }
});
