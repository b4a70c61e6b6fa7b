import { DrizzleQueryError } from "drizzle-orm/errors";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { apiKeys } from "#drizzle/api-keys";
import type { Database, Transaction } from "#src/database/database";
import { createHandler } from "#src/http/handler";
import { openBrowser } from "../support/browser";
import { reasonOf } from "../support/call-response";
import { insertEnvironment } from "../support/environment";
import { callOn } from "../support/interposed";
import { givenPerson } from "../support/people";
import { updateRows } from "../support/rows/table";
import { formsOf, registerSecret } from "../support/secrets";
import { given, openWorld, type World } from "../support/world";

const password = registerSecret("Bound-parameter-4711");
const hash = registerSecret("$apr1$abcdefgh$0123456789012345678901");
const detail = "Key (username)=(ada-in-a-detail) already exists.";

/** An error as Drizzle throws it: statement and bound parameters in its message, the PostgreSQL error as its cause. */
function drizzleError(code: string): Error {
  const cause = Object.assign(new Error(`duplicate key value: ${password}`), {
    code,
    severity: "ERROR",
    detail,
    parameters: [password, hash],
    query: `insert into "security" values ($1, $2)`,
  });
  return new DrizzleQueryError(`insert into "security" ("hash_sealed") values ($1, $2)`, [password, hash], cause);
}

let world: World;
let key: string;
let applicationId: string;

beforeAll(async () => {
  world = await openWorld();
  const acme = await world.organization();
  key = await acme.key("owner");
  const { environmentId } = await insertEnvironment(world, acme);
  ({ applicationId } = await given(acme).application({ environmentId }));
});
afterAll(() => world.close());

/** The runtime with a database in which these functions are replaced. */
const failing = (what: Partial<Database>) => ({ ...world.runtime, database: { ...world.runtime.database, ...what } });

const call = (what: Partial<Database>) =>
  callOn(failing(what), key, "security.create", { applicationId, username: "ada", password });

const failures: [string, (error: Error) => Partial<Database>][] = [
  ["the decision", (error) => ({ call: () => Promise.reject(error) })],
  ["the transaction", (error) => ({ transaction: () => Promise.reject(error) })],
  [
    "the middle of the transaction",
    (error) => ({
      transaction: (role, organizationId, body) =>
        world.runtime.database.transaction(role, organizationId, (tx) => {
          const insert = () => {
            throw error;
          };
          return body(Object.assign(Object.create(tx) as Transaction, { insert }));
        }),
    }),
  ],
];

describe.each(failures)("a database failure in %s", (_title, what) => {
  test("a database failure gives 500 with a request id, and no bound parameter in the response or the log", async () => {
    const before = world.log().length;
    const answer = await call(what(drizzleError("XX000")));
    const log = world.log().slice(before);
    expect([answer.status, answer.error.data.reason]).toEqual([500, "internal"]);
    expect(answer.error.data.requestId).toBe(answer.headers.get("x-request-id"));
    expect(log).toContain(answer.error.data.requestId);
    expect(log).toContain("XX000");
    for (const secret of [password, hash, "ada-in-a-detail", "hash_sealed", "insert into"]) {
      for (const form of formsOf(secret)) {
        expect(answer.text).not.toContain(form);
        expect(log).not.toContain(form);
      }
    }
    expect(answer.text).not.toMatch(/ at |stack|Drizzle|XX000/);
  });

  test.each(["ECONNREFUSED", "CONNECTION_CLOSED", "57P01", "57014", "25006"])(
    "an unavailable database (%s) gives 503 database_unavailable",
    async (code) => {
      const answer = await call(what(drizzleError(code)));
      expect([answer.status, answer.error.data.reason]).toEqual([503, "database_unavailable"]);
      expect(answer.text).not.toContain(password);
    },
  );
});

test("an unexpected error gives 500 without its message", async () => {
  const answer = await call({ call: () => Promise.reject(new TypeError(`cannot read ${password}`)) });
  expect([answer.status, answer.error.data.reason]).toEqual([500, "internal"]);
  expect(answer.text).not.toContain(password);
});

test("a request succeeds if the last use of its key cannot be stored, and the log has no bound parameter", async () => {
  const before = world.log().length;
  let calls = 0;
  const fresh = failing({
    call: async (statement) => {
      calls += 1;
      if (calls === 2) throw drizzleError("XX000");
      return world.runtime.database.call(statement);
    },
  });
  await updateRows(world.db.owner, apiKeys, {}, { lastUsedAt: null });
  const answer = await callOn(fresh, key, "applications.one", { applicationId });
  expect(answer.status).toBe(200);
  expect(calls).toBe(2);
  const log = world.log().slice(before);
  expect(log).toContain("last use was not stored");
  expect(log).not.toContain(password);
});

/** A browser whose requests reach a failing database, with the cookies of another browser. */
function browserWithFailure(error: Error, cookies: ReadonlyMap<string, string> = new Map()) {
  const browser = openBrowser({
    handler: createHandler(failing({ call: () => Promise.reject(error), transaction: () => Promise.reject(error) })),
  });
  for (const [name, value] of cookies) browser.cookies.set(name, value);
  return browser;
}

describe("a database failure at a sign-in", () => {
  test.each([
    ["XX000", 500, "internal"],
    ["ECONNREFUSED", 503, "database_unavailable"],
  ])("a failed sign-in (%s) reveals no bound parameter in the response or the log", async (code, status, reason) => {
    const before = world.log().length;
    const browser = browserWithFailure(drizzleError(code));
    const refused = await browser.signIn("password", { email: "ada@example.org", password });
    expect(reasonOf(refused)).toEqual([status, reason]);
    const output = refused.text + world.log().slice(before);
    for (const secret of [password, hash, "insert into", "ada@example.org"]) {
      for (const form of [...formsOf(secret), encodeURIComponent(secret)]) expect(output).not.toContain(form);
    }
  });

  test("a sign-out that could not end the session gets 503 and keeps the cookie (TM-7)", async () => {
    const person = await givenPerson(world);
    const browser = openBrowser(world, { ip: "203.0.113.99" });
    await browser.signIn("password", { email: person.email, password: person.password });
    const cookie = browser.cookies.get("__Host-portcullis.session");
    const offline = browserWithFailure(drizzleError("ECONNREFUSED"), browser.cookies);
    expect((await offline.signOut()).status).toBe(503);
    expect(offline.cookies.get("__Host-portcullis.session")).toBe(cookie);
    expect((await browser.call("auth.sessions.list")).status).toBe(200);
  });
});
