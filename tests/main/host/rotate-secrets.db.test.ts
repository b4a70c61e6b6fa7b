import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { auditEntries } from "#drizzle/audit";
import { installation } from "#drizzle/installation";
import { totpSecrets } from "#drizzle/persons";
import type { Database } from "#src/database/database";
import { fingerprint, makeSealer } from "#src/database/sealing";
import { makeSigner } from "#src/database/signing";
import { createHandler } from "#src/http/handler";
import { rotateSecrets } from "#src/main/host/rotate-secrets";
import { sealedColumns } from "#src/main/host/sealed-columns";
import { openBrowser } from "#tests/support/browser";
import { callsOf } from "#tests/support/call-response";
import { besideUncommitted, runsSideBySide } from "#tests/support/held-transaction";
import { givenMember, givenPerson } from "#tests/support/people";
import { credentialRows } from "#tests/support/rows/applications";
import { providerRows, totpRows } from "#tests/support/rows/persons";
import { readRows, updateRows } from "#tests/support/rows/table";
import { given, openWorld, type World } from "#tests/support/world";

let world: World;
const [previous, current] = [randomBytes(32), randomBytes(32)];
const sealerOfBoth = makeSealer([current, previous]);
const onlyCurrent = makeSealer([current]);

beforeAll(async () => {
  world = await openWorld({ sealer: makeSealer([previous]), signer: makeSigner([previous]) });
  await updateRows(world.db.owner, installation, {}, { secretFingerprint: fingerprint(current) });
});
afterAll(() => world.close());

const rotation = (database: Database = world.runtime.database) => ({
  ...world.runtime,
  database,
  keys: async () => ({ sealer: sealerOfBoth, fingerprint: fingerprint(current) }),
});

/** Returns every sealed value: its plaintext if the current secret alone opens it, otherwise null. */
async function opened(): Promise<Map<string, string | null>> {
  const values = new Map<string, string | null>();
  for (const { table, key, column, sealContextOf } of sealedColumns) {
    const rows = await world.db.asOwner<{ id: string; sealed: string }>(
      `select ${key} as id, ${column} as sealed from ${table} where ${column} is not null`,
    );
    for (const { id, sealed } of rows) {
      const result = onlyCurrent.open(sealContextOf(id), sealed);
      values.set(`${table} ${column} ${id}`, result.ok ? result.plaintext : null);
    }
  }
  return values;
}

/** Inserts values of every kind that are sealed with the previous secret. */
async function givenValues(credentials: number): Promise<void> {
  const organization = await world.organization();
  const { applicationId } = await given(organization).application({ access: "protected" });
  const sealer = makeSealer([previous]);
  const { userId } = await givenPerson(world);
  await totpRows.insert(world.db.owner, {
    userId,
    secretSealed: sealer.seal(`totp_secrets:secret_sealed:${userId}`, "totp"),
  });
  const sealed = sealer.seal(`oidc_providers:client_secret_sealed:p1${userId}`, "client secret");
  for (const [id, clientSecretSealed] of [
    [`p1${userId}`, sealed],
    [`p2${userId}`, null],
  ] as const) {
    await providerRows.insert(world.db.owner, {
      providerId: id,
      slug: id,
      name: "P",
      issuer: "https://p.example.org",
      clientId: "c",
      clientSecretSealed,
      scopes: [],
    });
  }
  const { organizationId } = organization;
  await credentialRows.insertAll(
    world.db.owner,
    Array.from({ length: credentials }, (_, number) => {
      const securityId = `sec_${userId}_${String(number).padStart(4, "0")}`;
      const hashSealed = sealer.seal(`security:hash:${securityId}`, `hash ${number}`);
      return { securityId, organizationId, applicationId, username: `user${number}`, hashSealed };
    }),
  );
}

/** A database that fails after this number of transactions, as if the process ended. */
function endingAfter(transactions: number): Database {
  const { database } = world.runtime;
  let left = transactions;
  return {
    ...database,
    transaction: (role, organizationId, body) => {
      if (left-- <= 0) throw new Error("the process ended");
      return database.transaction(role, organizationId, body);
    },
  };
}

test("the rotation covers every sealed column of the database", async () => {
  const columns = await world.db.asOwner<{ at: string }>(
    "select table_name || ' ' || column_name as at from information_schema.columns where table_schema = 'public' and column_name like '%\\_sealed' order by 1",
  );
  expect(columns.map(({ at }) => at)).toEqual(sealedColumns.map(({ table, column }) => `${table} ${column}`).sort());
});

// The second to last test creates a value that no secret opens. The other tests would count it.
describe("portcullis secrets rotate (PO-9)", { shuffle: false }, () => {
  test("a rotation re-encrypts all values, reports the number, and continues after an interruption", async () => {
    await givenValues(250);
    await expect(rotateSecrets(rotation(endingAfter(7)))).rejects.toThrow("the process ended");
    const half = [...(await opened()).values()].filter((value) => value !== null).length;
    const all = (await opened()).size;
    expect(half).toBeGreaterThan(100);
    expect(half).toBeLessThan(all);

    const rotated = await rotateSecrets(rotation());
    expect(rotated).toMatchObject({ total: all - half, unreadable: 0 });
    const values = await opened();
    expect(values.size).toBe(all);
    expect([...values.values()]).not.toContain(null);
    expect([...values].find(([at]) => at.startsWith("totp_secrets"))?.[1]).toBe("totp");
    expect([...values].find(([at]) => at.startsWith("oidc_providers"))?.[1]).toBe("client secret");
    expect(await rotateSecrets(rotation())).toMatchObject({ total: 0, unreadable: 0 });
    const entries = await readRows(world.db.owner, auditEntries, { action: "secrets.rotate" }, [
      "actorKind",
      "changed",
    ]);
    expect(entries[0]).toEqual({ actorKind: "commandLine", changed: { total: all - half, unreadable: 0 } });
  });

  test("a rotation loses no concurrent change of the same values", async () => {
    const organization = await world.organization();
    const organizationGiven = given(organization);
    const { applicationId } = await organizationGiven.application({ access: "protected" });
    const ids: string[] = [];
    for (let number = 0; number < 20; number++) {
      ids.push((await organizationGiven.credential(applicationId, `user${number}`)).securityId);
    }
    const hashOf = async () => new Map((await opened()).entries());
    const after = { ...world.runtime, sealer: sealerOfBoth };
    const handler = createHandler(after);
    const change = async (securityId: string) => {
      const call = callsOf(handler, { key: await organization.key("owner") });
      return (await call("security.update", { securityId, password: `Pw-${securityId}-9z` })).status;
    };
    const changes = ids.slice(0, 10).map(change);
    const [rotated, ...statuses] = await Promise.all([rotateSecrets(rotation()), ...changes]);
    expect(statuses).toEqual(Array(10).fill(200));
    expect(rotated.unreadable).toBe(0);
    expect((await rotateSecrets(rotation())).total).toBe(0);
    const values = await hashOf();
    for (const securityId of ids) expect(values.get(`security hash_sealed ${securityId}`)).toMatch(/^\$/);
  });

  test.runIf(runsSideBySide())("a rotation leaves a value alone that is changed concurrently", async () => {
    const { userId } = await givenPerson(world);
    const context = `totp_secrets:secret_sealed:${userId}` as const;
    await totpRows.insert(world.db.owner, { userId, secretSealed: makeSealer([previous]).seal(context, "before") });
    const newer = makeSealer([previous]).seal(context, "changed concurrently");
    await besideUncommitted(
      world,
      world.runtime.installationId,
      (tx) => updateRows(tx, totpSecrets, { userId }, { secretSealed: newer }),
      () => rotateSecrets(rotation()),
      "host",
    );
    const [row] = await readRows(world.db.owner, totpSecrets, { userId }, ["secretSealed"]);
    expect(sealerOfBoth.open(context, row?.secretSealed ?? "")).toEqual({
      ok: true,
      plaintext: "changed concurrently",
    });
    await rotateSecrets(rotation());
  });

  test("a rotation leaves values alone that no secret opens, and reports them as unreadable", async () => {
    const lost = makeSealer([randomBytes(32)]);
    const { userId } = await givenPerson(world);
    const sealed = lost.seal(`totp_secrets:secret_sealed:${userId}`, "lost");
    await totpRows.insert(world.db.owner, { userId, secretSealed: sealed });
    expect(await rotateSecrets(rotation())).toMatchObject({ total: 0, unreadable: 1 });
    expect(await readRows(world.db.owner, totpSecrets, { userId }, ["secretSealed"])).toEqual([
      { secretSealed: sealed },
    ]);
  });

  test("a rotation is refused with secret_not_in_force before a start with the current secret", async () => {
    const keys = async () => ({ sealer: sealerOfBoth, fingerprint: "another" });
    await expect(rotateSecrets({ ...rotation(), keys })).rejects.toMatchObject({ reason: "secret_not_in_force" });
  });
});

test("a session signed with the previous secret stays valid until that secret is removed (TM-5)", async () => {
  const organization = await world.organization();
  const person = await givenPerson(world);
  await givenMember(world, organization.organizationId, person, "owner");
  const browser = openBrowser(world, { ip: "203.0.113.77" });
  await browser.signIn("password", { email: person.email, password: person.password });
  const through = (secrets: readonly [Buffer, ...Buffer[]]) => {
    const runtime = { ...world.runtime, sealer: sealerOfBoth, signer: makeSigner(secrets) };
    const same = openBrowser({ handler: createHandler(runtime) }, { ip: "203.0.113.77" });
    for (const [name, value] of browser.cookies) same.cookies.set(name, value);
    return same;
  };
  const rotated = through([current, previous]);
  expect((await rotated.call("auth.session")).status).toBe(200);
  expect((await rotated.call("projects.create", { name: "After the rotation" })).status).toBe(200);
  const fresh = await rotated.signIn("password", { email: person.email, password: person.password });
  expect(fresh.status).toBe(200);
  const removed = through([current]);
  const refused = await removed.call("auth.session");
  expect([refused.status, refused.error.data.reason]).toEqual([401, "no_credentials"]);
});
