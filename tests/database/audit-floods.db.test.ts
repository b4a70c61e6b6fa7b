import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { auditEntries, refusalCounts } from "#drizzle/audit";
import { makeApiKey } from "#src/access/api-keys";
import { attemptsWithOwnEntry, manyKinds } from "#src/audit/refusal-bucket";
import { settleRefusals } from "#src/audit/seal-entries";
import { createHandler } from "#src/http/handler";
import { newId } from "#src/platform/ids";
import { callsOf } from "../support/call-response";
import { readRows } from "../support/rows/table";
import { registerSecret } from "../support/secrets";
import { type GivenOrganization, given, openWorld, type World } from "../support/world";

let world: World;
let acme: GivenOrganization;

beforeEach(async () => {
  world = await openWorld();
  world.now = new Date("2026-05-01T10:00:30.000Z");
  acme = await world.organization();
});
afterEach(() => world.close());

const refused = (organizationId: string) =>
  readRows(world.db.owner, auditEntries, { organizationId, outcome: "refused" });

async function settle(): Promise<void> {
  while (await settleRefusals(world.runtime.database, world.now ?? new Date())) {}
}

/** Sends one call with the given key from the given address. */
async function send(key: string, procedure: string, ip: string, handler = world.handler): Promise<number> {
  return (await callsOf(handler, { key, ip })(procedure)).status;
}

const unknownKey = () => registerSecret(makeApiKey(world.runtime.random).key);

describe("a flood of refused attempts (AUD)", () => {
  test("a flood of one caller takes six entries, and their counts include every attempt", async () => {
    const viewer = await acme.key("viewer");
    const attempts = 500;
    for (let at = 0; at < attempts; at += 50) {
      const answers = await Promise.all(Array.from({ length: 50 }, () => send(viewer, "projects.create", "192.0.2.1")));
      expect(new Set(answers)).toEqual(new Set([403]));
    }
    expect(await refused(acme.organizationId)).toHaveLength(attemptsWithOwnEntry);
    await settle();
    expect(await refused(acme.organizationId)).toHaveLength(attemptsWithOwnEntry); // the minute is not over

    world.now = new Date("2026-05-01T10:01:00.000Z");
    await settle();
    await settle();
    const entries = await refused(acme.organizationId);
    expect(entries.map(({ count }) => count)).toEqual([1, 1, 1, 1, 1, attempts - attemptsWithOwnEntry]);
    expect(entries.at(-1)).toMatchObject({
      action: "projects.create",
      reason: "key_scope",
      ip: "192.0.2.1",
      objectId: null,
    });
    expect(new Set(entries.slice(0, 5).map(({ requestId }) => requestId)).size).toBe(5);
    expect(await readRows(world.db.owner, refusalCounts)).toEqual([]);
  });

  test("a flood of an unknown caller takes six entries, and fewer statements than a fifth of the attempts", async () => {
    const { database } = world.runtime;
    let statements = 0;
    const call: typeof database.call = (statement) => {
      statements++;
      return database.call(statement);
    };
    const counted = createHandler({ ...world.runtime, database: { ...database, call } });
    const attempts = 5_000;
    for (let at = 0; at < attempts; at += 100) {
      await Promise.all(Array.from({ length: 100 }, () => send("not-a-key", "projects.list", "192.0.2.1", counted)));
    }
    world.now = new Date("2026-05-01T10:01:00.000Z");
    await settle();
    const entries = await refused(world.runtime.installationId);
    expect(entries).toHaveLength(attemptsWithOwnEntry + 1);
    expect(entries.reduce((sum, { count }) => sum + count, 0)).toBe(attempts);
    expect(statements).toBeLessThan(attempts / 5);
  });

  test("attempts with unknown keys are in the installation's log, and many addresses share entries", async () => {
    for (let at = 0; at < 300; at++) {
      const key = at % 2 === 0 ? unknownKey() : "not-a-key";
      expect(await send(key, "projects.list", `198.51.${at % 100}.${at % 250}`)).toBe(401);
    }
    world.now = new Date("2026-05-01T10:01:00.000Z");
    await settle();
    const entries = await refused(world.runtime.installationId);
    expect(entries.length).toBeLessThan(70);
    expect(entries.reduce((sum, { count }) => sum + count, 0)).toBe(300);
    expect(new Set(entries.map(({ reason }) => reason))).toEqual(new Set(["key_unknown", "key_malformed"]));
    const together = entries.filter(({ action }) => action === manyKinds);
    expect(together.map(({ ip, actorKind }) => [ip, actorKind])).toEqual([
      [null, "anonymous"],
      [null, "anonymous"],
    ]);
    expect(await refused(acme.organizationId)).toEqual([]);
  });

  test("a flood of one caller does not hide the attempts of another caller in the same minute", async () => {
    const [loud, quiet] = [await acme.key("viewer"), await acme.key("viewer")];
    for (let at = 0; at < 40; at++) await send(loud, "projects.create", `198.51.100.${at}`);
    await send(quiet, "projects.create", "192.0.2.1");
    const before = await refused(acme.organizationId);
    expect(before.filter(({ ip }) => ip === "192.0.2.1")).toHaveLength(1);
    // The loud caller gets separate entries only for as many kinds as one actor may have.
    expect(new Set(before.map(({ ip }) => ip)).size).toBe(20 + 1);
  });

  test("attempts in the next minute get new entries", async () => {
    const key = await acme.key("viewer");
    for (let at = 0; at < attemptsWithOwnEntry + 2; at++) await send(key, "projects.create", "192.0.2.1");
    world.now = new Date("2026-05-01T10:01:10.000Z");
    await send(key, "projects.create", "192.0.2.1");
    await settle();
    const entries = await refused(acme.organizationId);
    expect(entries.reduce((sum, { count }) => sum + count, 0)).toBe(attemptsWithOwnEntry + 3);
    expect(entries).toHaveLength(attemptsWithOwnEntry + 2);
  });

  test("several processes settle the counts of a flood only once", async () => {
    const key = await acme.key("viewer");
    for (let at = 0; at < attemptsWithOwnEntry + 4; at++) await send(key, "projects.create", "192.0.2.1");
    world.now = new Date("2026-05-01T10:02:00.000Z");
    await Promise.all([settle(), settle(), settle()]);
    const entries = await refused(acme.organizationId);
    expect(entries.reduce((sum, { count }) => sum + count, 0)).toBe(attemptsWithOwnEntry + 4);
  });
});

describe("a refused attempt", () => {
  test("the entry of a refused attempt has the actor and the name of the object at that time (AUD)", async () => {
    const { projectId } = await given(acme).ok<{ projectId: string }>("projects.create", { name: "Wiki" });
    const viewer = world.callAs(await acme.key("viewer"));
    expect((await viewer("projects.delete", { projectId })).status).toBe(403);
    expect(await refused(acme.organizationId)).toMatchObject([
      {
        actorKind: "apiKey",
        actorName: "viewer",
        authenticatedBy: "apiKey",
        action: "projects.delete",
        objectKind: "project",
        objectId: projectId,
        objectName: "Wiki",
        count: 1,
      },
    ]);
  });

  test("a mutation with invalid input is recorded, and a query with invalid input is not (AUD)", async () => {
    const { projectId } = await given(acme).ok<{ projectId: string }>("projects.create", { name: "Wiki" });
    const wrong = await acme.call("projects.update", { projectId, name: "Other", organizationId: "org_x" });
    expect([wrong.status, wrong.error.data.fields]).toEqual([400, { organizationId: "unknown_field" }]);
    expect((await acme.call("projects.list", { limit: 0 })).status).toBe(400);
    expect((await refused(acme.organizationId)).map(({ action, reason }) => [action, reason])).toEqual([
      ["projects.update", "invalid_input"],
    ]);
  });

  test("an entry keeps a sent id, but no other text in its place, which may be a password (AUD, DK-22)", async () => {
    const unknownId = newId("project");
    for (const projectId of [unknownId, "Correct-Horse-7"]) {
      expect((await acme.call("projects.delete", { projectId })).status).toBe(404);
    }
    const entries = await refused(acme.organizationId);
    expect(entries.map(({ objectKind, objectId }) => [objectKind, objectId]).sort()).toEqual([
      ["project", ""],
      ["project", unknownId],
    ]);
  });

  test("a call with an unknown key gets 401 even if the attempt cannot be recorded", async () => {
    const { database } = world.runtime;
    const call: typeof database.call = async () => {
      throw new Error("no such function");
    };
    const broken = await openWorld({ database: { ...database, call } });
    expect((await broken.callAs("not-a-key")("projects.list")).status).toBe(401);
    expect(broken.log()).toContain("could not be recorded");
    await broken.close();
  });
});
