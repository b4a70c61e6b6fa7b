import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ImportedCredentials } from "#src/features/credentials/contract";
import { insertEnvironment } from "#tests/support/environment";
import { registerSecret } from "#tests/support/secrets";
import { type GivenOrganization, given as givenIn, openWorld, type World } from "#tests/support/world";

let world: World;
let acme: GivenOrganization;
let environmentId: string;

beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization();
  ({ environmentId } = await insertEnvironment(world, acme));
});
afterAll(() => world.close());

const apr1 = registerSecret("$apr1$saltsalt$HIDXe7D36X22w1CH4M1cQ.");
const bcryptOf = (cost: string) => registerSecret(`$2y$${cost}$G/R6Tubb.58rSeR3wSeKYe5Fb97Iz5sg.Iu6VaCOTkeZ9941sIkk.`);
const five = bcryptOf("05");

const given = () => givenIn(acme);
const application = async (input: Record<string, unknown> = { access: "protected" }) =>
  (await given().application({ environmentId, ...input })).applicationId;
const importInto = (applicationId: string, lines: readonly string[], dryRun?: boolean) =>
  given().ok<ImportedCredentials>("security.import", {
    applicationId,
    htpasswd: lines.join("\n"),
    ...(dryRun === undefined ? {} : { dryRun }),
  });
const rowsOf = (applicationId: string) =>
  world.db.asOwner<{
    security_id: string;
    username: string;
    hash_sealed: string;
    hash_algorithm: string;
    hash_cost: number | null;
  }>(
    `select security_id, username, hash_sealed, hash_algorithm, hash_cost from security where application_id = $1 order by username`,
    [applicationId],
  );
const changesOf = (applicationId: string) =>
  world.db.asOwner(`select change_id, closes from changes where application_id = $1 order by row`, [applicationId]);
const outcomes = ({ lines }: ImportedCredentials) =>
  lines.map(({ line, username, accepted, reason }) => [line, username, accepted ? "accepted" : reason]);

describe("security.import", () => {
  test("keeps the hashes, sealed in their rows, closes a public application, and delivers once", async () => {
    const applicationId = await application({});
    const before = (await changesOf(applicationId)).length;
    const imported = await importInto(applicationId, ["# people", `ada:${apr1}`, "", `bob:${apr1}`, "eve:secret"]);
    expect(imported).toMatchObject({ dryRun: false, hashAlgorithm: "apr1", accepted: 2, refused: 1 });
    expect(outcomes(imported)).toEqual([
      [2, "ada", "accepted"],
      [4, "bob", "accepted"],
      [5, "eve", "hash_unknown"],
    ]);
    expect(imported.reasons).toEqual([{ reason: "hash_unknown", message: expect.stringMatching(/ password\.$/) }]);
    const rows = await rowsOf(applicationId);
    expect(rows.map(({ username }) => username)).toEqual(["ada", "bob"]);
    for (const { security_id, hash_sealed } of rows) {
      const opened = world.runtime.sealer.open(`security:hash:${security_id}`, hash_sealed);
      expect(opened).toMatchObject({ ok: true, plaintext: apr1 });
    }
    const one = await given().ok("applications.one", { applicationId });
    expect(one).toMatchObject({ openedBy: null, exposure: { intended: "protected" } });
    expect((await changesOf(applicationId)).slice(before)).toEqual([
      { change_id: imported.sync.changeId, closes: true },
    ]);
    const listed = await given().ok<{ items: unknown[] }>("security.list", { applicationId });
    expect(listed.items).toHaveLength(2);
  });

  test("no hash is in the response, the audit log, the outbox or the log", async () => {
    const applicationId = await application();
    const answer = await acme.call("security.import", {
      applicationId,
      htpasswd: `ada:${apr1}\nbob:${apr1.slice(0, -1)}\n${apr1}\n{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=`,
    });
    const audited = await world.db.asOwner(
      `select * from audit_entries where object_id = $1 and action = 'security.import'`,
      [applicationId],
    );
    expect(audited).toHaveLength(1);
    expect(audited[0]).toMatchObject({
      changed: { accepted: 1, refused: 3, hashAlgorithm: "apr1", usernames: ["ada"] },
    });
    for (const text of [answer.text, JSON.stringify(audited), world.log()]) {
      expect(text).not.toContain("apr1$");
      expect(text).not.toContain("5en6G6");
    }
  });

  test("dryRun judges every line and writes nothing", async () => {
    const applicationId = await application();
    const before = await changesOf(applicationId);
    const tried = await importInto(applicationId, [`ada:${five}`, `bob:${apr1}`, `eve:${five}`], true);
    expect(tried).toMatchObject({ dryRun: true, hashAlgorithm: "bcrypt", accepted: 2, refused: 1 });
    expect(tried.sync).toEqual({ changeId: null, state: "unchanged" });
    expect(await rowsOf(applicationId)).toEqual([]);
    expect(await changesOf(applicationId)).toEqual(before);
    const one = await given().ok("applications.one", { applicationId });
    expect(one).toMatchObject({ hashAlgorithm: "apr1" });
    const entries = await world.db.asOwner(
      `select 1 from audit_entries where object_id = $1 and action = 'security.import'`,
      [applicationId],
    );
    expect(entries).toEqual([]);
  });

  test("an application without credentials takes the kind of hash of most lines, and later ones must have it", async () => {
    const applicationId = await application();
    const first = await importInto(applicationId, [
      `ada:${apr1}`,
      `bob:${five}`,
      `eve:${five}`,
      `dan:${bcryptOf("06")}`,
    ]);
    expect(outcomes(first)).toEqual([
      [1, "ada", "other_algorithm"],
      [2, "bob", "accepted"],
      [3, "eve", "accepted"],
      [4, "dan", "other_cost"],
    ]);
    expect(await given().ok("applications.one", { applicationId })).toMatchObject({ hashAlgorithm: "bcrypt" });
    const second = await importInto(applicationId, [
      `bob:${five}`,
      `ada:${apr1}`,
      `zoe:${five}`,
      `dan:${bcryptOf("10")}`,
    ]);
    expect(outcomes(second)).toEqual([
      [1, "bob", "duplicate_username"],
      [2, "ada", "other_algorithm"],
      [3, "zoe", "accepted"],
      [4, "dan", "other_cost"],
    ]);
  });

  test("credentials that are created after an import get the same cost, so that none of them is quarantined", async () => {
    const applicationId = await application();
    await importInto(applicationId, [`ada:${five}`]);
    const { securityId } = await given().credential(applicationId, "bob");
    const costs = async () => (await rowsOf(applicationId)).map(({ username, hash_cost }) => [username, hash_cost]);
    expect(await costs()).toEqual([
      ["ada", 5],
      ["bob", 5],
    ]);
    await given().ok("security.update", { securityId, password: registerSecret("Another-horse-7-Staple") });
    const bob = (await rowsOf(applicationId))[1];
    const opened = world.runtime.sealer.open(`security:hash:${securityId}`, bob?.hash_sealed ?? "");
    expect(opened.ok && opened.plaintext).toMatch(/^\$2b\$05\$/);
  });

  test("a file of which no line is accepted changes nothing and delivers nothing", async () => {
    const applicationId = await application({});
    const before = await changesOf(applicationId);
    const imported = await importInto(applicationId, ["ada:secret", "bob"]);
    expect(imported).toMatchObject({ accepted: 0, refused: 2, sync: { changeId: null, state: "unchanged" } });
    expect(await changesOf(applicationId)).toEqual(before);
    expect(await given().ok("applications.one", { applicationId })).toMatchObject({ openedBy: "create" });
  });

  test("10,000 lines are imported in one transaction, and one more is refused as a whole", async () => {
    const applicationId = await application();
    const lines = Array.from({ length: 10_000 }, (_, n) => `user-${n}:${apr1}`);
    const imported = await importInto(applicationId, lines);
    expect(imported).toMatchObject({ accepted: 10_000, refused: 0 });
    expect(await rowsOf(applicationId)).toHaveLength(10_000);
    expect(await changesOf(applicationId)).toHaveLength(1);
    const more = await acme.call("security.import", { applicationId, htpasswd: [...lines, `one:${apr1}`].join("\n") });
    expect([more.status, more.error.data.reason]).toEqual([400, "too_many_lines"]);
  });

  test.each([
    ["no text", { htpasswd: "" }, { htpasswd: "too_small" }],
    ["a number", { htpasswd: 7 }, { htpasswd: "invalid_type" }],
    ["a word for dryRun", { htpasswd: "a:b", dryRun: "yes" }, { dryRun: "invalid_type" }],
  ])("%s is refused", async (_title, input, fields) => {
    const answer = await acme.call("security.import", { applicationId: await application(), ...input });
    expect([answer.status, answer.error.data.fields]).toEqual([400, fields]);
  });

  test("another organization cannot import into an application, nor learn its usernames", async () => {
    const applicationId = await application();
    await importInto(applicationId, [`ada:${apr1}`]);
    const beta = await world.organization();
    for (const dryRun of [true, false]) {
      const answer = await beta.call("security.import", { applicationId, htpasswd: `ada:${apr1}`, dryRun });
      expect(answer.status).toBe(404);
    }
    expect(await rowsOf(applicationId)).toHaveLength(1);
  });

  test("concurrent imports and creations of one username end with one credential of it, and with one kind of hash", async () => {
    for (let round = 0; round < 5; round++) {
      const applicationId = await application();
      const htpasswd = `ada:${five}\nbob:${five}`;
      const [one, other, created] = await Promise.all([
        acme.call<ImportedCredentials>("security.import", { applicationId, htpasswd }),
        acme.call<ImportedCredentials>("security.import", { applicationId, htpasswd: `ada:${apr1}` }),
        acme.call("security.create", { applicationId, username: "ada" }),
      ]);
      expect([one.status, other.status]).toEqual([200, 200]);
      expect([200, 409]).toContain(created.status);
      const rows = await rowsOf(applicationId);
      expect(rows.filter(({ username }) => username === "ada")).toHaveLength(1);
      expect(new Set(rows.map(({ hash_algorithm, hash_cost }) => `${hash_algorithm} ${hash_cost}`)).size).toBe(1);
    }
  });
});
