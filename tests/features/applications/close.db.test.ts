import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applications } from "#drizzle/applications";
import { ok } from "#tests/support/call-response";
import { callConfirmed } from "#tests/support/confirmed";
import { insertEnvironment } from "#tests/support/environment";
import { type GivenOrganization, given as givenIn, openWorld, type World } from "#tests/support/world";

interface Shown {
  readonly applicationId: string;
  readonly openedBy: string | null;
  readonly closed: { readonly at: string; readonly reason: string; readonly by: Record<string, unknown> } | null;
  readonly exposure: { readonly state: string; readonly intended: string; readonly reason?: string };
  readonly becamePublic?: boolean;
  readonly sync: { readonly changeId: string | null; readonly state: string };
}

let world: World;
let acme: GivenOrganization;
let beta: GivenOrganization;
let environmentId: string;

beforeAll(async () => {
  world = await openWorld();
  [acme, beta] = [await world.organization(), await world.organization()];
  ({ environmentId } = await insertEnvironment(world, acme));
});
afterAll(() => world.close());

const reason = "The password of ada has leaked.";
const given = () => givenIn(acme);
const application = async (input: Record<string, unknown> = { credential: { username: "ada" } }) =>
  (await given().application({ environmentId, ...input })).applicationId;
const close = (applicationId: string) => given().ok<Shown>("applications.close", { applicationId, reason });
const reopen = (applicationId: string) =>
  given().ok<Shown>("applications.reopen", { applicationId, reason: "ada has another password." });
const shown = (applicationId: string) => given().ok<Shown>("applications.one", { applicationId });
const outbox = (changeId: string | null) =>
  world.db.asOwner(`select application_id, closes from changes where change_id = $1`, [changeId]);
const entriesOf = (applicationId: string) =>
  world.db.asOwner<{ action: string; changed: unknown }>(
    `select action, changed from audit_entries where object_id = $1 and action like 'applications.%' order by audit_id`,
    [applicationId],
  );

describe("applications.close and applications.reopen", () => {
  test("closing closes a protected application until it is reopened, and says since when, why and by whom", async () => {
    const applicationId = await application();
    const closed = await close(applicationId);
    expect(closed).toMatchObject({
      closed: { reason, by: { kind: "apiKey", name: expect.any(String) } },
      exposure: { state: "unknown", intended: "closed", reason: "pending" },
      sync: { state: "pending" },
    });
    expect(await outbox(closed.sync.changeId)).toEqual([{ application_id: applicationId, closes: true }]);
    expect((await shown(applicationId)).closed).toEqual(closed.closed);
    const listed = await given().ok<{ items: Shown[] }>("applications.list", { environmentId });
    expect(listed.items.find((item) => item.applicationId === applicationId)?.closed).toEqual(closed.closed);

    const reopened = await reopen(applicationId);
    expect(reopened).toMatchObject({ closed: null, becamePublic: false, exposure: { intended: "protected" } });
    expect(await outbox(reopened.sync.changeId)).toEqual([{ application_id: applicationId, closes: false }]);
    expect((await entriesOf(applicationId)).slice(1)).toEqual([
      { action: "applications.close", changed: { reason } },
      { action: "applications.reopen", changed: { reason: "ada has another password." } },
    ]);
  });

  test("reopening an application without a credential says that it became public, and so does the audit log", async () => {
    const applicationId = await application({});
    await close(applicationId);
    expect((await shown(applicationId)).exposure.intended).toBe("closed");
    expect(await reopen(applicationId)).toMatchObject({ becamePublic: true, exposure: { intended: "public" } });
    expect((await entriesOf(applicationId)).at(-1)?.action).toBe("applications.reopen.opened");
  });

  test("no act but reopening opens a closed application, and none says that it became public", async () => {
    const applicationId = await application({ access: "protected" });
    await close(applicationId);
    const { securityId } = await given().credential(applicationId);
    expect((await shown(applicationId)).exposure.intended).toBe("closed");
    const opened = await given().ok<Shown>("applications.update", { applicationId, access: "public-when-empty" });
    const deleted = await given().ok<Shown>("security.delete", { securityId });
    const again = await given().ok<Shown>("applications.update", { applicationId, access: "protected" });
    const opening = { applicationId, access: "public-when-empty" };
    const twice = await ok(callConfirmed<Shown>(acme.call, "applications.update", opening));
    expect([opened, deleted, again, twice].map(({ becamePublic }) => becamePublic)).toEqual(Array(4).fill(false));
    expect((await entriesOf(applicationId)).map(({ action }) => action)).not.toContain("applications.update.opened");
    expect(await shown(applicationId)).toMatchObject({ openedBy: "access", exposure: { intended: "closed" } });
    expect((await reopen(applicationId)).becamePublic).toBe(true);
  });

  test("neverPublic does not list an application that is closed by hand, and it stays closed after reopening", async () => {
    const org = await world.organization();
    const { applicationId } = await givenIn(org).application();
    await givenIn(org).ok("applications.close", { applicationId, reason });
    const { closed } = await givenIn(org).ok<{ closed: unknown[] }>("organizations.update", { neverPublic: true });
    expect(closed).toEqual([]);
    const reopened = await givenIn(org).ok<Shown>("applications.reopen", { applicationId, reason });
    expect(reopened).toMatchObject({ becamePublic: false, exposure: { intended: "closed" } });
  });

  test("a closed application cannot be closed again, and an open one cannot be reopened", async () => {
    const applicationId = await application();
    const first = await acme.call("applications.reopen", { applicationId, reason });
    expect([first.status, first.error.data.reason]).toEqual([409, "not_closed"]);
    const { closed } = await close(applicationId);
    const again = await acme.call("applications.close", { applicationId, reason: "Another reason." });
    expect([again.status, again.error.data.reason]).toEqual([409, "already_closed"]);
    expect(again.error.message).toContain(reason);
    expect(again.error.message).toContain(closed?.at);
    expect((await shown(applicationId)).closed).toEqual(closed);
  });

  test.each([
    ["missing", undefined, "invalid_type"],
    ["empty", "", "too_small"],
    ["blank", "  ", "too_small"],
    ["longer than 500 characters", "x".repeat(501), "too_big"],
    ["with a line break", "a\nb", "control_character"],
    ["with NUL", "a\u0000b", "control_character"],
    ["half a character", "a\ud800", "control_character"],
    ["a number", 7, "invalid_type"],
  ])("a reason that is %s is refused, and closes nothing", async (_title, wrong, code) => {
    const applicationId = await application();
    const answer = await acme.call("applications.close", { applicationId, reason: wrong });
    expect([answer.status, answer.error.data.fields]).toEqual([400, { reason: code }]);
    expect((await shown(applicationId)).closed).toBeNull();
  });

  test("another organization can neither close nor reopen an application, and cannot see whether it is closed", async () => {
    const applicationId = await application();
    const before = await beta.call("applications.close", { applicationId, reason });
    await close(applicationId);
    const after = await beta.call("applications.close", { applicationId, reason });
    const other = await beta.call("applications.reopen", { applicationId, reason });
    expect([before, after, other].map(({ status }) => status)).toEqual([404, 404, 404]);
    expect((await shown(applicationId)).closed?.reason).toBe(reason);
  });

  test("row-level security keeps the sync from reopening an application", async () => {
    const applicationId = await application();
    await close(applicationId);
    await world.runtime.database.transaction("sync", null, async (tx) => {
      await tx.update(applications).set({ openedBy: null, closedAt: null, closedReason: null, closedByKind: null });
    });
    expect((await shown(applicationId)).closed?.reason).toBe(reason);
  });
});

describe("concurrent requests", () => {
  const rounds = Array.from({ length: 8 }, (_, round) => round);

  test("an application that is closed during another change ends closed, whichever comes first", async () => {
    for (const round of rounds) {
      const applicationId = await application();
      const { securityId } = await given().credential(applicationId, "bob");
      const other = [
        () => acme.call("applications.update", { applicationId, access: "protected", name: "Renamed" }),
        () => acme.call("security.create", { applicationId, username: "eve" }),
        () => acme.call("security.delete", { securityId }),
        () => acme.call("security.update", { securityId, username: "carol" }),
      ][round % 4];
      const [closed, changed] = await Promise.all([
        acme.call("applications.close", { applicationId, reason }),
        other?.(),
      ]);
      expect([closed.status, changed?.status]).toEqual([200, 200]);
      expect(await shown(applicationId)).toMatchObject({ closed: { reason }, exposure: { intended: "closed" } });
    }
  });

  test("an application that is closed while it is deleted is gone, and closing says so or came first", async () => {
    for (const _ of rounds) {
      const applicationId = await application();
      const [closed, deleted] = await Promise.all([
        acme.call("applications.close", { applicationId, reason }),
        acme.call("applications.delete", { applicationId }),
      ]);
      expect([200, 404]).toContain(closed.status);
      expect(deleted.status).toBe(200);
      expect((await acme.call("applications.one", { applicationId })).status).toBe(404);
    }
  });

  test("one of two concurrent closings is refused, because the application is closed already", async () => {
    for (const _ of rounds.slice(0, 4)) {
      const applicationId = await application();
      const both = await Promise.all([1, 2].map(() => acme.call("applications.close", { applicationId, reason })));
      expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
      expect((await entriesOf(applicationId)).filter(({ action }) => action === "applications.close")).toHaveLength(2);
    }
  });
});
