import { setTimeout as delay } from "node:timers/promises";
import { hashSync } from "bcryptjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { passwords } from "#drizzle/persons";
import { verifyPassword } from "#src/identity/passwords";
import { responseFloorMs } from "#src/identity/sign-in/response-floor";
import { openBrowser } from "../support/browser";
import { givenPerson } from "../support/people";
import { updateRows } from "../support/rows/table";
import { openWorld, type World } from "../support/world";

/** The process takes the time, not the database. So this is measured once, on the embedded database. */
const isMeasured = process.env.PORTCULLIS_TEST_DATABASE !== "postgres";

let world: World;
let withoutFloor: World;
let floor: number;
beforeAll(async () => {
  if (!isMeasured) return;
  withoutFloor = await openWorld();
  const { runtime } = withoutFloor;
  const slowest = hashSync("Correct horse", 12);
  const startedAt = performance.now();
  await verifyPassword("not this one", slowest, { known: "test" });
  // As in production, the floor is well above the slowest hash, also on a machine that other tests keep busy.
  floor = Math.max(responseFloorMs, 4 * (performance.now() - startedAt));
  world = await openWorld({ ...runtime, signIn: { ...runtime.signIn, responseFloorMs: floor } });
});
afterAll(async () => {
  await world?.db.close();
  await withoutFloor?.close();
});

let address = 0;
const rounds = 5;
/** After how long three rounds are enough. */
const patienceMs = 30_000;

/** Measures the milliseconds until the response, from an address without counted attempts. */
async function timeSignIn(email: string, through: World): Promise<{ status: number; ms: number }> {
  const browser = openBrowser(through, { ip: `198.51.100.${++address}` });
  const startedAt = performance.now();
  const { status } = await browser.signIn("password", { email, password: "not this one at all" });
  return { status, ms: performance.now() - startedAt };
}

/** Two accounts that share the wrong guesses, so that neither reaches the lockout. */
async function givenAccounts(hash?: string): Promise<string[]> {
  const people = [await givenPerson(withoutFloor), await givenPerson(withoutFloor)];
  for (const { userId } of hash === undefined ? [] : people) {
    await updateRows(withoutFloor.db.owner, passwords, { userId }, { hash });
  }
  return people.map(({ email }) => email);
}

describe.runIf(isMeasured)("the response time of a sign-in", () => {
  it("the response time is the same for unknown, locked and imported accounts and for a wrong password (AM-13)", async () => {
    const locked = await givenPerson(withoutFloor);
    for (let count = 0; count < 5; count++) await timeSignIn(locked.email, withoutFloor);
    const plain = await givenAccounts();
    const imported = await givenAccounts(hashSync("Correct horse", 12));
    const kinds: Record<string, (round: number) => string> = {
      unknown: (round) => `nobody${round}@example.org`,
      wrong: (round) => plain[round % 2] ?? "",
      locked: () => locked.email,
      imported: (round) => imported[round % 2] ?? "",
    };
    const times = new Map<string, number[]>();
    const began = performance.now();
    for (let round = 0; round < rounds; round++) {
      // On a machine that is busy with other things the floor is many seconds: then the shortest of three has to do.
      if (round === 3 && performance.now() - began > patienceMs) break;
      const answers = Object.entries(kinds).map(async ([kind, email], at) => {
        await delay((at * floor) / 8); // staggered, so that no request waits for the hash of another one
        const { status, ms } = await timeSignIn(email(round), world);
        expect(status, kind).toBe(kind === "locked" ? 429 : 401);
        times.set(kind, [...(times.get(kind) ?? []), ms]);
      });
      await Promise.all(answers);
    }
    // The minimum is the cost of a response: tests that run at the same time can only make a response slower.
    const shortest = [...times.values()].map((all) => Math.min(...all));
    expect(shortest).toHaveLength(4);
    expect(Math.min(...shortest)).toBeGreaterThanOrEqual(floor - 1);
    expect(Math.max(...shortest) / Math.min(...shortest), JSON.stringify([...times])).toBeLessThan(1.1);
  }, 600_000);

  it("the response time reveals an imported account without the floor, so the measurement is sensitive enough", async () => {
    const imported = await givenAccounts(hashSync("Correct horse", 12));
    await timeSignIn("nobody@example.org", withoutFloor); // waits until the pause after the previous hash is over
    const [quick, slow]: [number[], number[]] = [[], []];
    // The minimum is the cost of a response: tests that run at the same time can only make a response slower.
    for (let round = 0; round < rounds; round++) {
      quick.push((await timeSignIn("nobody@example.org", withoutFloor)).ms);
      slow.push((await timeSignIn(imported[round % 2] ?? "", withoutFloor)).ms);
    }
    expect(Math.min(...slow)).toBeGreaterThan(1.5 * Math.min(...quick));
  });
});
