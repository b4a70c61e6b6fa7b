import { setTimeout as delay } from "node:timers/promises";
import { hashSync } from "bcryptjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyPassword } from "../../src/identity/passwords";
import { answerFloorMs } from "../../src/identity/sign-in/answer-floor";
import { openBrowser } from "../support/browser";
import { givenPerson } from "../support/people";
import { openWorld, type World } from "../support/world";

/** What takes the time is the process, whichever database it asks: measured once, at the one that is always there. */
const isMeasured = process.env.PORTCULLIS_TEST_DATABASE !== "postgres";

let world: World;
let hurried: World;
let floor: number;
beforeAll(async () => {
  if (!isMeasured) return;
  hurried = await openWorld();
  const { runtime } = hurried;
  const slowest = hashSync("Correct horse", 12);
  const began = performance.now();
  await verifyPassword("not this one", slowest, { known: "test" });
  // As in production, but on a machine that other tests keep busy: there it is as far above the slowest hash as elsewhere.
  floor = Math.max(answerFloorMs, 4 * (performance.now() - began));
  world = await openWorld({ ...runtime, signIn: { ...runtime.signIn, answerFloorMs: floor } });
});
afterAll(async () => {
  await world?.db.close();
  await hurried?.close();
});

let address = 0;
const rounds = 5;
/** After how long three rounds are enough. */
const patienceMs = 30_000;

/** Milliseconds until the answer, from an address that nothing was counted for yet. */
async function timeOf(email: string, through: World): Promise<{ status: number; ms: number }> {
  const browser = openBrowser(through, { ip: `198.51.100.${++address}` });
  const began = performance.now();
  const { status } = await browser.signIn("password", { email, password: "not this one at all" });
  return { status, ms: performance.now() - began };
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** Accounts whose passwords will be guessed wrong, each less often than would lock it. */
async function givenAccounts(hash?: string): Promise<string[]> {
  const people = [await givenPerson(hurried), await givenPerson(hurried)];
  for (const { userId } of hash === undefined ? [] : people) {
    await hurried.db.asOwner("update passwords set hash = $2 where user_id = $1", [userId, hash]);
  }
  return people.map(({ email }) => email);
}

describe.runIf(isMeasured)("how long a sign-in takes", () => {
  it("cannot be told by time: no account, a wrong password, a locked account, a slow hash from elsewhere (AM-13)", async () => {
    const locked = await givenPerson(hurried);
    for (let count = 0; count < 5; count++) await timeOf(locked.email, hurried);
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
      // On a machine that is busy with other things the floor is many seconds: then the median of three has to do.
      if (round === 3 && performance.now() - began > patienceMs) break;
      const answers = Object.entries(kinds).map(async ([kind, email], at) => {
        await delay((at * floor) / 8); // one after the other, so that none waits for another's hash
        const { status, ms } = await timeOf(email(round), world);
        expect(status, kind).toBe(kind === "locked" ? 429 : 401);
        times.set(kind, [...(times.get(kind) ?? []), ms]);
      });
      await Promise.all(answers);
    }
    const medians = [...times.values()].map(median);
    expect(medians).toHaveLength(4);
    expect(Math.min(...medians)).toBeGreaterThanOrEqual(floor - 1);
    expect(Math.max(...medians) / Math.min(...medians), JSON.stringify([...times])).toBeLessThan(1.1);
  }, 600_000);

  it("could be told without the floor, so that the comparison above sees something", async () => {
    const imported = await givenAccounts(hashSync("Correct horse", 12));
    await timeOf("nobody@example.org", hurried); // the rest after the previous hash is over
    const [quick, slow]: [number[], number[]] = [[], []];
    // The shortest of several says what an answer costs: other tests that run at the same time only make one longer.
    for (let round = 0; round < rounds; round++) {
      quick.push((await timeOf("nobody@example.org", hurried)).ms);
      slow.push((await timeOf(imported[round % 2] ?? "", hurried)).ms);
    }
    expect(Math.min(...slow)).toBeGreaterThan(1.5 * Math.min(...quick));
  });
});
