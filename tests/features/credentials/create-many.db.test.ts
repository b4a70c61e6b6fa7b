import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { insertEnvironment } from "#tests/support/environment";
import { registerSecret } from "#tests/support/secrets";
import { type GivenOrganization, given as givenIn, openWorld, type World } from "#tests/support/world";

interface Created {
  readonly items: {
    readonly username: string;
    readonly created?: { readonly securityId: string; readonly password?: string; readonly sync: unknown };
    readonly refused?: { readonly reason: string; readonly message: string };
  }[];
  readonly sync: { readonly changeId: string | null; readonly state: string };
}

let world: World;
let acme: GivenOrganization;
let environmentId: string;

beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization();
  ({ environmentId } = await insertEnvironment(world, acme));
});
afterAll(() => world.close());

const given = () => givenIn(acme);
const application = async (input: Record<string, unknown> = {}) =>
  (await given().application({ environmentId, ...input })).applicationId;
const createMany = (applicationId: string, credentials: readonly unknown[]) =>
  given().ok<Created>("security.createMany", { applicationId, credentials });
const changesOf = (applicationId: string) =>
  world.db.asOwner(`select change_id, closes from changes where application_id = $1 order by row`, [applicationId]);

describe("security.createMany", () => {
  test("creates what it can in one closing delivery, and says for each other item why not", async () => {
    const applicationId = await application();
    const before = (await changesOf(applicationId)).length;
    const password = registerSecret("Correct-Horse-7-Staple");
    const { items, sync } = await createMany(applicationId, [
      { username: "ada", password },
      { username: "bob" },
      { username: "ada" },
      { username: "a:b" },
      { username: "eve", password: "\n" },
    ]);
    expect(items.map(({ username, refused }) => [username, refused?.reason ?? "created"])).toEqual([
      ["ada", "created"],
      ["bob", "created"],
      ["ada", "duplicate_username"],
      ["a:b", "invalid_username"],
      ["eve", "invalid_password"],
    ]);
    expect(items[0]?.created?.password).toBeUndefined();
    expect(items[1]?.created?.password).toMatch(/^.{16,}$/);
    registerSecret(items[1]?.created?.password ?? "");
    expect(items[1]?.created?.sync).toEqual(sync);
    expect((await changesOf(applicationId)).slice(before)).toEqual([{ change_id: sync.changeId, closes: true }]);
    const one = await given().ok("applications.one", { applicationId });
    expect(one).toMatchObject({ openedBy: null, exposure: { intended: "protected" } });
    const ids = items.flatMap(({ created }) => created?.securityId ?? []);
    const entries = await world.db.asOwner(
      `select object_name, changed from audit_entries where action = 'security.create' and object_id = any($1) order by object_name`,
      [ids],
    );
    expect(entries).toEqual(["ada", "bob"].map((username) => ({ object_name: username, changed: { username } })));
  });

  test("changes nothing if no item can be created", async () => {
    const applicationId = await application();
    await createMany(applicationId, [{ username: "ada" }]);
    const before = await changesOf(applicationId);
    const { items, sync } = await createMany(applicationId, [{ username: "ada" }]);
    expect(items).toMatchObject([{ refused: { reason: "duplicate_username" } }]);
    expect(sync).toEqual({ changeId: null, state: "unchanged" });
    expect(await changesOf(applicationId)).toEqual(before);
  });

  test("two concurrent requests with the same usernames create each of them once", async () => {
    const applicationId = await application({ access: "protected" });
    const credentials = [{ username: "ada" }, { username: "bob" }];
    const both = await Promise.all([1, 2].map(() => createMany(applicationId, credentials)));
    const reasons = both.flatMap(({ items }) => items.map(({ refused }) => refused?.reason ?? "created"));
    expect(reasons.sort()).toEqual(["created", "created", "duplicate_username", "duplicate_username"]);
  });

  test("more than a hundred items, none, and another organization's application are refused", async () => {
    const applicationId = await application();
    const many = Array.from({ length: 101 }, (_, n) => ({ username: `user-${n}` }));
    for (const credentials of [many, []]) {
      expect((await acme.call("security.createMany", { applicationId, credentials })).status).toBe(400);
    }
    const beta = await world.organization();
    const theirs = await beta.call("security.createMany", { applicationId, credentials: [{ username: "eve" }] });
    expect(theirs.status).toBe(404);
  });
});

describe("applications.updateMany", () => {
  test("protects what was public in one delivery, and answers for each id", async () => {
    const beta = await world.organization();
    const theirs = (await givenIn(beta).application()).applicationId;
    const [open, other, done] = [await application(), await application(), await application({ access: "protected" })];
    const answer = await given().ok<{ items: unknown; sync: { changeId: string } }>("applications.updateMany", {
      applicationIds: [open, done, theirs, other, "app_nowhere", open],
      access: "protected",
    });
    expect(answer.items).toEqual([
      { applicationId: open, outcome: "updated" },
      { applicationId: done, outcome: "unchanged" },
      { applicationId: theirs, outcome: "not_found" },
      { applicationId: other, outcome: "updated" },
      { applicationId: "app_nowhere", outcome: "not_found" },
    ]);
    const rows = await world.db.asOwner(
      `select application_id, closes from changes where change_id = $1 order by application_id`,
      [answer.sync.changeId],
    );
    expect(rows).toEqual([open, other].sort().map((id) => ({ application_id: id, closes: true })));
    for (const applicationId of [open, other, done]) {
      const one = await given().ok("applications.one", { applicationId });
      expect(one).toMatchObject({ access: "protected", exposure: { intended: "closed" } });
    }
    expect(await givenIn(beta).ok("applications.one", { applicationId: theirs })).toMatchObject({
      access: "public-when-empty",
    });
  });

  test("does not open applications without a confirmation, and takes at most 200", async () => {
    const applicationIds = [await application({ access: "protected" })];
    const opening = await acme.call("applications.updateMany", { applicationIds, access: "public-when-empty" });
    expect([opening.status, opening.error?.data.reason]).toEqual([428, "confirmation_required"]);
    for (const input of [
      { applicationIds: [], access: "protected" },
      { applicationIds: Array(201).fill("app_x"), access: "protected" },
    ]) {
      expect((await acme.call("applications.updateMany", input)).status).toBe(400);
    }
  });
});
