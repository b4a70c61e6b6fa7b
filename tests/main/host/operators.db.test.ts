import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { auditEntries } from "#drizzle/audit";
import { organizations } from "#drizzle/organizations";
import { passkeys, passwords, recoveryCodes, sessions, totpSecrets } from "#drizzle/persons";
import type { Database } from "#src/database/database";
import { createHandler } from "#src/http/handler";
import { take } from "#src/identity/limits";
import { proofFailuresByAccount } from "#src/identity/re-authentication";
import { codeFailuresByAccount } from "#src/identity/second-factors";
import { listOperators } from "#src/main/host/list-operators";
import type { LinkRuntime } from "#src/main/host/password-link";
import { resetPassword } from "#src/main/host/reset-password";
import { resetSecondFactor } from "#src/main/host/reset-second-factor";
import { unlockOperator } from "#src/main/host/unlock-operator";
import { openBrowser } from "#tests/support/browser";
import { type GivenPerson, givenMember, givenPerson } from "#tests/support/people";
import { passkeyRows, recoveryCodeRows, totpRows } from "#tests/support/rows/persons";
import { deleteRows, lastRow, readRows, updateRows } from "#tests/support/rows/table";
import { registerSecret } from "#tests/support/secrets";
import { type GivenOrganization, openWorld, testOrigin, type World } from "#tests/support/world";

let world: World;
let host: LinkRuntime;
let organization: GivenOrganization;
beforeAll(async () => {
  world = await openWorld();
  host = { ...world.runtime, publicOrigin: testOrigin };
  organization = await world.organization();
});
afterAll(() => world.close());

let address = 0;
const newBrowser = () => openBrowser(world, { ip: `198.51.100.${++address}` });
const signIn = ({ email, password }: GivenPerson) => newBrowser().signIn("password", { email, password });
const password = registerSecret("a horse of another colour");

async function givenOperator(): Promise<GivenPerson> {
  const person = await givenPerson(world);
  await givenMember(world, organization.organizationId, person, "owner");
  return person;
}

async function givenFactors({ userId }: GivenPerson): Promise<void> {
  await totpRows.insert(world.db.owner, { userId, confirmedAt: new Date() });
  await recoveryCodeRows.insert(world.db.owner, { userId });
  await passkeyRows.insert(world.db.owner, { passkeyId: userId, userId, credentialId: userId, publicKey: "x" });
}

const lastEntry = (userId: string) =>
  lastRow(world.db.owner, auditEntries, { objectId: userId, actorKind: "commandLine" }, [
    "action",
    "outcome",
    "actorKind",
    "organizationId",
    "changed",
  ]);

describe("operator reset-password (TM-23, PO-27, AM-5)", () => {
  test("reset-password removes the password, ends the sessions, returns a link and is audited as commandLine", async () => {
    const person = await givenOperator();
    const device = newBrowser();
    await device.signIn("password", { email: person.email, password: person.password });
    const reset = await resetPassword(host, { email: person.email });
    expect(reset).toMatchObject({ userId: person.userId, email: person.email, endedSessions: 1 });
    expect(reset.url).toMatch(/^https:\/\/portcullis\.example\.org\/setup#[\w-]{43}$/);
    expect((await device.call("auth.session")).status).toBe(401);
    expect((await signIn(person)).status).toBe(401);
    expect(await lastEntry(person.userId)).toEqual({
      action: "operator.resetPassword",
      outcome: "done",
      actorKind: "commandLine",
      organizationId: organization.organizationId,
      changed: { endedSessions: 1 },
    });
    expect(JSON.stringify(await readRows(world.db.owner, auditEntries))).not.toContain(reset.url.split("#")[1]);
  });

  test("reset-password refuses a sign-in whose password is being verified at that moment (TM-23)", async () => {
    const person = await givenOperator();
    const { database } = world.runtime;
    let batches = 0;
    let transactions = 0;
    const interposed: Database = {
      ...database,
      batch: (role, organizationId, statements, body) => {
        batches += 1;
        return database.batch(role, organizationId, statements, body);
      },
      transaction: async (role, organizationId, body) => {
        transactions += 1;
        if (transactions === 1) await resetPassword(host, { email: person.email }); // the hash has been read by now
        return database.transaction(role, organizationId, body);
      },
    };
    const handler = createHandler({ ...world.runtime, database: interposed });
    const browser = openBrowser({ handler }, { ip: `198.51.100.${++address}` });
    const { email, password: lost } = person;
    expect((await browser.signIn("password", { email, password: lost })).status).toBe(401);
    expect([transactions, batches >= 2]).toEqual([1, true]);
    expect(await readRows(world.db.owner, sessions, { userId: person.userId })).toEqual([]);
  });

  test("reset-password forces a password change after a sign-in by another method", async () => {
    const person = await givenOperator();
    await resetPassword(host, { email: person.email });
    expect(await readRows(world.db.owner, passwords, { userId: person.userId }, ["mustChange"])).toEqual([
      { mustChange: true },
    ]);
  });

  test("reset-password lets a person without a password set one", async () => {
    const person = await givenOperator();
    await deleteRows(world.db.owner, passwords, { userId: person.userId });
    const { url } = await resetPassword(host, { email: person.email });
    expect((await newBrowser().signIn("link", { token: url.split("#")[1] ?? "", password })).status).toBe(200);
    expect((await signIn({ ...person, password })).status).toBe(200);
  });

  test("operator commands are refused with no_such_person for an unknown account", async () => {
    for (const command of [resetPassword, resetSecondFactor, unlockOperator]) {
      await expect(command(host, { email: "nobody@example.org" })).rejects.toMatchObject({ reason: "no_such_person" });
    }
  });
});

describe("operator reset-second-factor (TM-23)", () => {
  test("reset-second-factor removes every factor, and the old password alone cannot sign in", async () => {
    const person = await givenOperator();
    await givenFactors(person);
    const { url } = await resetSecondFactor(host, { email: person.email });
    const { userId } = person;
    for (const table of [totpSecrets, recoveryCodes, passkeys]) {
      expect(await readRows(world.db.owner, table, { userId })).toEqual([]);
    }
    expect((await signIn(person)).status).toBe(401);
    const browser = newBrowser();
    expect((await browser.signIn("link", { token: url.split("#")[1] ?? "", password })).status).toBe(200);
    expect((await browser.call("projects.list")).status).toBe(200);
    expect(await lastEntry(person.userId)).toMatchObject({
      action: "operator.resetSecondFactor",
      changed: { totp: true, recoveryCodes: 1, passkeys: 1, endedSessions: 0 },
    });
  });

  test("reset-second-factor leaves only enrolment if the organization requires a second factor", async () => {
    const strict = await world.organization();
    await updateRows(
      world.db.owner,
      organizations,
      { organizationId: strict.organizationId },
      { requireSecondFactor: true },
    );
    const person = await givenPerson(world);
    await givenMember(world, strict.organizationId, person, "owner");
    await givenFactors(person);
    const { url } = await resetSecondFactor(host, { email: person.email });
    const browser = newBrowser();
    await browser.signIn("link", { token: url.split("#")[1] ?? "", password });
    const refused = await browser.call("projects.list");
    expect([refused.status, refused.error.data.reason]).toEqual([403, "second_factor_enrolment_required"]);
  });
});

describe("operator unlock", () => {
  test("unlock ends a lockout that a stranger caused (AM-13)", async () => {
    const person = await givenOperator();
    for (let count = 0; count < 5; count++) await signIn({ ...person, password: "wrong" });
    expect((await signIn(person)).status).toBe(429);
    expect(await unlockOperator(host, { email: person.email })).toMatchObject({ wasLocked: true });
    expect((await signIn(person)).status).toBe(200);
    expect(await unlockOperator(host, { email: person.email })).toMatchObject({ wasLocked: false });
    expect(await lastEntry(person.userId)).toMatchObject({ action: "operator.unlock", changed: { wasLocked: false } });
  });
});

describe("operator unlock after wrong codes or passwords of a signed-in person", () => {
  test.each([codeFailuresByAccount, proofFailuresByAccount])(
    "unlock removes the counted failures of $name (AM-13)",
    async (limit) => {
      const { email, userId } = await givenOperator();
      for (let count = 0; count < limit.attempts; count++) await take(world.runtime, limit, userId);
      await expect(take(world.runtime, limit, userId)).rejects.toMatchObject({ limit: limit.name });
      expect(await unlockOperator(host, { email })).toMatchObject({ wasLocked: true });
      await take(world.runtime, limit, userId);
      expect(await unlockOperator(host, { email })).toMatchObject({ wasLocked: false });
    },
  );

  test("unlock reports no lockout if the failures are too old to count (AM-13)", async () => {
    const person = await givenOperator();
    for (let count = 0; count < 5; count++) await signIn({ ...person, password: "wrong" });
    const isLocked = async () =>
      (await listOperators(host)).operators.find(({ userId }) => userId === person.userId)?.locked;
    expect(await isLocked()).toBe(true);
    try {
      world.now = new Date(Date.now() + 301_000);
      expect(await isLocked()).toBe(false);
      expect(await unlockOperator(host, { email: person.email })).toMatchObject({ wasLocked: false });
    } finally {
      world.now = null;
    }
  });
});

describe("operator list", () => {
  test("operator list shows how each person can sign in, without secrets", async () => {
    const [plain, strong, reset, locked] = [
      await givenOperator(),
      await givenOperator(),
      await givenOperator(),
      await givenPerson(world),
    ];
    await givenFactors(strong);
    await resetPassword(host, { email: reset.email });
    await deleteRows(world.db.owner, passwords, { userId: plain.userId });
    for (let count = 0; count < 5; count++) await signIn({ ...locked, password: "wrong" });
    const { operators } = await listOperators(host);
    const of = ({ email }: GivenPerson) => operators.find((operator) => operator.email === email);
    const role = { organizationId: organization.organizationId, name: expect.any(String), role: "owner" };
    expect(of(plain)).toMatchObject({
      password: "none",
      totp: false,
      passkeys: 0,
      locked: false,
      organizations: [role],
    });
    expect(of(strong)).toMatchObject({ password: "set", totp: true, passkeys: 1, locked: false });
    expect(of(reset)).toMatchObject({ password: "must_change", locked: false });
    expect(of(locked)).toMatchObject({ locked: true, organizations: [] });
    expect(operators.map(({ email }) => email)).toEqual(operators.map(({ email }) => email).sort());
    expect(JSON.stringify(operators)).not.toMatch(/argon2|hash/);
  });
});
