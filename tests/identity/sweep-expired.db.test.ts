import type { PgTable } from "drizzle-orm/pg-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { challenges, limits as limitsTable, links, sessions } from "#drizzle/persons";
import { limits, take } from "#src/identity/limits";
import { sweepIdentity } from "#src/identity/sweep-expired";
import { makeSetUpLink } from "#src/main/host/make-set-up-link";
import { openBrowser } from "../support/browser";
import { givenPerson } from "../support/people";
import { challengeRows } from "../support/rows/persons";
import { readRows } from "../support/rows/table";
import { openWorld, testOrigin, type World } from "../support/world";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const minute = 60_000;
const start = Date.parse("2026-11-20T10:00:00Z");
const at = (minutes: number) => {
  world.now = new Date(start + minutes * minute);
};
const counts = async () => {
  const of = async (table: PgTable) => (await readRows(world.db.owner, table)).length;
  return [await of(sessions), await of(challenges), await of(links), await of(limitsTable)];
};
const sweep = () => sweepIdentity(world.runtime, new AbortController().signal);

it("the sweep removes expired sessions, challenges, links and attempt counts, and keeps all others (TM-8)", async () => {
  at(0);
  const person = await givenPerson(world);
  const short = openBrowser(world, { ip: "203.0.113.1" });
  const long = openBrowser(world, { ip: "203.0.113.2" });
  await short.signIn("password", { email: person.email, password: person.password });
  await long.signIn("password", { email: person.email, password: person.password, remember: "true" });
  await makeSetUpLink({ ...world.runtime, publicOrigin: testOrigin });
  const expiresAt = new Date(start + 5 * minute);
  await challengeRows.insertAll(
    world.db.owner,
    Array.from({ length: 1_200 }, (_, number) => ({ hash: `h${number}`, expiresAt })),
  );
  const [, , , attempts = 0] = await counts();
  expect(await counts()).toEqual([2, 1_200, 1, attempts]);

  at(4);
  await take(world.runtime, limits.managementByAddress, "203.0.113.3");
  await sweep();
  expect(await counts()).toEqual([2, 1_200, 1, 2]); // the failures of the account, and the attempt just made

  at(6);
  expect(await sweep()).toBe(1_202);
  expect(await counts()).toEqual([2, 0, 1, 0]);

  at(121); // idle for two hours
  await sweep();
  expect(await counts()).toEqual([1, 0, 1, 0]);
  expect((await long.call("auth.session")).status).toBe(200);

  at(8 * 24 * 60);
  await sweep();
  expect(await counts()).toEqual([0, 0, 0, 0]);
});
