import { afterAll, beforeAll, expect, test } from "vitest";
import { apiKeys } from "#drizzle/api-keys";
import type { Database, Transaction } from "#src/database/database";
import { createHandler } from "#src/http/handler";
import { openBrowser } from "../support/browser";
import { callsOf } from "../support/call-response";
import { givenMember, givenPerson } from "../support/people";
import { updateRows } from "../support/rows/table";
import { registerSecret } from "../support/secrets";
import { type GivenOrganization, given, openWorld, type World } from "../support/world";

/** The database work that a request needs for its authorization. */
interface Cost {
  /** Statements outside a transaction. */
  outside: number;
  transactions: number;
  /** Authorization decisions that are repeated inside a transaction. */
  repeated: number;
}

let world: World;
let acme: GivenOrganization;
let securityId: string;
let applicationId: string;
const cost: Cost = { outside: 0, transactions: 0, repeated: 0 };

beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization();
  ({ applicationId } = await given(acme).application());
  ({ securityId } = await given(acme).credential(applicationId));
});
afterAll(() => world.close());

/** Counts the database work. Inside a transaction, an authorization decision is a call of `execute`. */
function counting(database: Database): Database {
  return {
    kind: database.kind,
    call: (statement) => {
      cost.outside++;
      return database.call(statement);
    },
    transaction: (role, organizationId, body) => {
      cost.transactions++;
      return database.transaction(role, organizationId, (tx) => body(countingIn(tx)));
    },
    batch: (role, organizationId, statements, body) => {
      cost.transactions++;
      return database.batch(role, organizationId, statements, (tx) => body(countingIn(tx)));
    },
    listen: (...args) => database.listen(...args),
    hint: (...args) => database.hint(...args),
    close: () => database.close(),
  };
}

function countingIn(tx: Transaction): Transaction {
  return new Proxy(tx, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        if (property === "execute" && JSON.stringify(args[0]).includes("portcullis_authorize")) cost.repeated++;
        return value.apply(target, args);
      };
    },
  });
}

async function costOf(request: () => Promise<{ status: number }>): Promise<Cost> {
  Object.assign(cost, { outside: 0, transactions: 0, repeated: 0 });
  expect((await request()).status).toBe(200);
  return { ...cost };
}

async function callers() {
  const handler = createHandler({ ...world.runtime, database: counting(world.runtime.database) });
  const person = await givenPerson(world);
  await givenMember(world, acme.organizationId, person, "owner");
  const browser = openBrowser({ handler });
  await browser.signIn("password", { email: person.email, password: person.password });
  const key = registerSecret(await acme.key("owner"));
  await updateRows(world.db.owner, apiKeys, { organizationId: acme.organizationId }, { lastUsedAt: new Date() });
  return {
    key: callsOf(handler, { key }),
    cookie: (procedure: string, input: unknown) => browser.call(procedure, input),
  };
}

test("authentication and authorization need one statement for a read and two for a write", async () => {
  let next = 0;
  for (const [how, call] of Object.entries(await callers())) {
    const read = await costOf(() => call("security.one", { securityId }));
    expect(read, `${how} reads`).toEqual({ outside: 1, transactions: 1, repeated: 0 });
    const write = await costOf(() => call("security.create", { applicationId, username: `ada${next++}` }));
    expect(write, `${how} writes`).toEqual({ outside: 1, transactions: 1, repeated: 1 });
  }
});
