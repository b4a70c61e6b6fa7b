import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { changes } from "#drizzle/changes";
import { ok } from "#tests/support/call-response";
import { callConfirmed } from "#tests/support/confirmed";
import { insertEnvironment } from "#tests/support/environment";
import { readRows } from "#tests/support/rows/table";
import { type GivenOrganization, given, openWorld, type World } from "#tests/support/world";

interface Updated extends Record<string, unknown> {
  closed: { applicationId: string; name: string }[];
}

interface ApplicationState extends Record<string, unknown> {
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
  const { environmentId } = await insertEnvironment(world, org);
  return {
    org,
    application: async (input: Record<string, unknown> = {}) =>
      (await given(org).application({ environmentId, ...input })).applicationId,
    setNeverPublic: (neverPublic: boolean) =>
      neverPublic
        ? given(org).ok<Updated>("organizations.update", { neverPublic })
        : ok(callConfirmed<Updated>(org.call, "organizations.update", { neverPublic })),
    stateOf: async (applicationId: string) => {
      const { openedBy, exposure } = await given(org).ok<ApplicationState>("applications.one", { applicationId });
      return [exposure.intended, openedBy];
    },
  };
}

async function intendedPublic(org: GivenOrganization): Promise<number> {
  const { items } = await given(org).ok<{ items: ApplicationState[] }>("applications.list", { limit: 200 });
  return items.filter((item) => item.exposure.intended === "public").length;
}

describe("DK-19: neverPublic", () => {
  test("turning neverPublic on closes, lists and delivers each public application; turning it off opens none", async () => {
    const { application, setNeverPublic, stateOf, org } = await organization();
    const byCreation = await application({ name: "By creation" });
    const byDeletion = await application({ name: "By deletion" });
    await given(org).ok("security.delete", { securityId: (await given(org).credential(byDeletion)).securityId });
    const locked = await application({ name: "Locked" });
    await given(org).credential(locked);
    const shielded = await application({ name: "Shielded", access: "protected" });
    expect([await stateOf(byCreation), await stateOf(byDeletion)]).toEqual([
      ["public", "create"],
      ["public", "delete"],
    ]);

    const on = await setNeverPublic(true);
    expect(on.closed.map(({ applicationId }) => applicationId).sort()).toEqual([byCreation, byDeletion].sort());
    expect(on.closed.map(({ name }) => name).sort()).toEqual(["By creation", "By deletion"]);
    expect(on.sync).toMatchObject({ state: "pending", changeId: expect.stringMatching(/^chg_/) });
    const rows = await readRows(world.db.owner, changes, { changeId: (on.sync as { changeId: string }).changeId });
    const delivered = rows.map(({ applicationId, closes }) => [applicationId, closes]);
    expect(delivered.sort()).toEqual([byCreation, byDeletion].sort().map((id) => [id, true]));
    for (const id of [byCreation, byDeletion, shielded]) expect((await stateOf(id))[0]).toBe("closed");
    expect(await stateOf(locked)).toEqual(["protected", null]);

    const off = await setNeverPublic(false);
    expect(off.closed).toEqual([]);
    for (const id of [byCreation, byDeletion, shielded]) expect(await stateOf(id)).toEqual(["closed", null]);
    expect((await setNeverPublic(true)).closed).toEqual([]);
  });

  test("neverPublic refuses every act that would make an application public until it is turned off", async () => {
    const { application, setNeverPublic, stateOf, org } = await organization();
    const locked = await application();
    const { securityId } = await given(org).credential(locked);
    const shielded = await application({ access: "protected" });
    await setNeverPublic(true);
    const { environmentId } = await given(org).environment();
    for (const [procedure, input] of [
      ["security.delete", { securityId }],
      ["applications.update", { applicationId: shielded, access: "public-when-empty" }],
      ["applications.create", { environmentId, name: "Open" }],
    ] as const) {
      const answer = await org.call(procedure, input);
      expect([procedure, answer.status, answer.error?.data.reason]).toEqual([procedure, 409, "never_public"]);
    }
    expect(await stateOf(locked)).toEqual(["protected", null]);
    await setNeverPublic(false);
    expect((await given(org).ok<{ becamePublic: boolean }>("security.delete", { securityId })).becamePublic).toBe(true);
    const opening = { applicationId: shielded, access: "public-when-empty" };
    const opened = await ok(callConfirmed<{ becamePublic: boolean }>(org.call, "applications.update", opening));
    expect([opened.becamePublic, await stateOf(shielded)]).toEqual([true, ["public", "access"]]);
  });

  test("turning neverPublic off does not open an application whose credential was deleted while it was on", async () => {
    const { application, setNeverPublic, stateOf, org } = await organization();
    const shielded = await application({ access: "protected" });
    const { securityId } = await given(org).credential(shielded);
    await setNeverPublic(true);
    await given(org).ok("security.delete", { securityId });
    await setNeverPublic(false);
    expect((await stateOf(shielded))[0]).toBe("closed");
  });

  test("turning neverPublic on during opening acts leaves none public; each act succeeds or returns never_public", async () => {
    for (let round = 0; round < 5; round++) {
      const { application, setNeverPublic, org } = await organization();
      const { environmentId } = await given(org).environment();
      const locked = await Promise.all([1, 2, 3, 4].map(() => application()));
      const credentials = await Promise.all(locked.map((id) => given(org).credential(id)));
      const shielded = await Promise.all([1, 2, 3, 4].map(() => application({ access: "protected" })));
      const [on, ...acts] = await Promise.all([
        setNeverPublic(true),
        ...credentials.map(({ securityId }) => org.call("security.delete", { securityId })),
        ...shielded.map((id) =>
          callConfirmed(org.call, "applications.update", { applicationId: id, access: "public-when-empty" }),
        ),
        ...[1, 2].map(() => org.call("applications.create", { environmentId, name: "New" })),
      ]);
      expect(on.neverPublic).toBe(true);
      for (const act of acts) {
        const outcome = act.status === 200 ? "done" : act.error.data.reason;
        expect(["done", "never_public"]).toContain(outcome);
      }
      expect(await intendedPublic(org)).toBe(0);
      await setNeverPublic(false);
      expect(await intendedPublic(org)).toBe(0);
    }
  });
});

test("deleting an organization succeeds during a creation in it, which returns 200 or 401", async () => {
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
