import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { insertPlace } from "../../support/place";
import { type GivenOrganization, given, openWorld, type World } from "../../support/world";

interface Updated extends Record<string, unknown> {
  closed: { applicationId: string; name: string }[];
}

interface Seen extends Record<string, unknown> {
  access: string;
  openedBy: string | null;
  exposure: { intended: string };
}

let world: World;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

async function organization() {
  const org = await world.organization();
  const { environmentId } = await insertPlace(world, org);
  return {
    org,
    application: async (input: Record<string, unknown> = {}) =>
      (await given(org).application({ environmentId, ...input })).applicationId,
    never: (neverPublic: boolean) => given(org).ok<Updated>("organizations.update", { neverPublic }),
    see: async (applicationId: string) => {
      const { openedBy, exposure } = await given(org).ok<Seen>("applications.one", { applicationId });
      return [exposure.intended, openedBy];
    },
  };
}

async function intendedPublic(org: GivenOrganization): Promise<number> {
  const { items } = await given(org).ok<{ items: Seen[] }>("applications.list", { limit: 200 });
  return items.filter((item) => item.exposure.intended === "public").length;
}

describe("DK-19: neverPublic", () => {
  test("on closes at once what was public, lists it, and asks for its delivery; off opens nothing", async () => {
    const { application, never, see, org } = await organization();
    const byCreation = await application({ name: "By creation" });
    const byDeletion = await application({ name: "By deletion" });
    await given(org).ok("security.delete", { securityId: (await given(org).credential(byDeletion)).securityId });
    const locked = await application({ name: "Locked" });
    await given(org).credential(locked);
    const shielded = await application({ name: "Shielded", access: "protected" });
    expect([await see(byCreation), await see(byDeletion)]).toEqual([
      ["public", "create"],
      ["public", "delete"],
    ]);

    const on = await never(true);
    expect(on.closed.map(({ applicationId }) => applicationId).sort()).toEqual([byCreation, byDeletion].sort());
    expect(on.closed.map(({ name }) => name).sort()).toEqual(["By creation", "By deletion"]);
    expect(on.sync).toMatchObject({ state: "pending", changeId: expect.stringMatching(/^chg_/) });
    const rows = await world.db.asOwner<{ application_id: string; closes: boolean }>(
      `select application_id, closes from changes where change_id = $1 order by application_id`,
      [(on.sync as { changeId: string }).changeId],
    );
    expect(rows).toEqual([byCreation, byDeletion].sort().map((id) => ({ application_id: id, closes: true })));
    for (const id of [byCreation, byDeletion, shielded]) expect((await see(id))[0]).toBe("closed");
    expect(await see(locked)).toEqual(["protected", null]);

    const off = await never(false);
    expect(off.closed).toEqual([]);
    for (const id of [byCreation, byDeletion, shielded]) expect(await see(id)).toEqual(["closed", null]);
    expect((await never(true)).closed).toEqual([]);
  });

  test("on refuses every act that would make something public, and off allows it again, by an act", async () => {
    const { application, never, see, org } = await organization();
    const locked = await application();
    const { securityId } = await given(org).credential(locked);
    const shielded = await application({ access: "protected" });
    await never(true);
    const { environmentId } = await given(org).environment();
    for (const [procedure, input] of [
      ["security.delete", { securityId }],
      ["applications.update", { applicationId: shielded, access: "public-when-empty" }],
      ["applications.create", { environmentId, name: "Open" }],
    ] as const) {
      const answer = await org.call(procedure, input);
      expect([procedure, answer.status, answer.error?.data.reason]).toEqual([procedure, 409, "never_public"]);
    }
    expect(await see(locked)).toEqual(["protected", null]);
    await never(false);
    expect((await given(org).ok<{ becamePublic: boolean }>("security.delete", { securityId })).becamePublic).toBe(true);
    const opened = await given(org).ok<{ becamePublic: boolean }>("applications.update", {
      applicationId: shielded,
      access: "public-when-empty",
    });
    expect([opened.becamePublic, await see(shielded)]).toEqual([true, ["public", "access"]]);
  });

  test("what was deleted while it was on does not open when it goes off", async () => {
    const { application, never, see, org } = await organization();
    const shielded = await application({ access: "protected" });
    const { securityId } = await given(org).credential(shielded);
    await never(true);
    await given(org).ok("security.delete", { securityId });
    await never(false);
    expect((await see(shielded))[0]).toBe("closed");
  });

  test("switched on beside acts that open leaves nothing public, and fails none of them", async () => {
    for (let round = 0; round < 5; round++) {
      const { application, never, org } = await organization();
      const { environmentId } = await given(org).environment();
      const locked = await Promise.all([1, 2, 3, 4].map(() => application()));
      const credentials = await Promise.all(locked.map((id) => given(org).credential(id)));
      const shielded = await Promise.all([1, 2, 3, 4].map(() => application({ access: "protected" })));
      const [on, ...acts] = await Promise.all([
        never(true),
        ...credentials.map(({ securityId }) => org.call("security.delete", { securityId })),
        ...shielded.map((id) => org.call("applications.update", { applicationId: id, access: "public-when-empty" })),
        ...[1, 2].map(() => org.call("applications.create", { environmentId, name: "New" })),
      ]);
      expect(on.neverPublic).toBe(true);
      for (const act of acts) {
        const outcome = act.status === 200 ? "done" : act.error.data.reason;
        expect(["done", "never_public"]).toContain(outcome);
      }
      expect(await intendedPublic(org)).toBe(0);
      await never(false);
      expect(await intendedPublic(org)).toBe(0);
    }
  });
});

test("an organization that is deleted beside a creation is gone with it, or still there", async () => {
  for (let round = 0; round < 10; round++) {
    const org = await world.organization();
    const other = world.callAs(await org.key("owner"));
    const [deleted, created] = await Promise.all([
      org.call("organizations.delete", { organizationId: org.organizationId }),
      other("projects.create", { name: "Late" }),
    ]);
    expect(deleted.status).toBe(200);
    expect([200, 401]).toContain(created.status);
  }
});
