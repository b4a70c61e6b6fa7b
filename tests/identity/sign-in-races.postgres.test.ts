import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Database } from "../../src/database/database";
import { createHandler } from "../../src/http/handler";
import { type Browser, openBrowser } from "../support/browser";
import { waiting } from "../support/held-transaction";
import { patienceMs } from "../support/patience";
import type { GivenPerson } from "../support/people";
import {
  browserOf,
  codeOf,
  enrolPasskey,
  enrolTotp,
  freshAddress,
  givenSignedIn,
  showPasskey,
  showPassword,
} from "../support/second-factors";
import { type GivenOrganization, openWorld, type World } from "../support/world";

let world: World;
let organization: GivenOrganization;

/** The middle of a time step, so that no code changes under a test. */
const start = new Date("2026-11-21T10:00:15.000Z");
const later = (seconds: number) => new Date((world.now ?? start).getTime() + seconds * 1_000);

beforeAll(async () => {
  world = await openWorld();
  organization = await world.organization();
});
beforeEach(() => {
  world.now = start;
});
afterAll(() => world.close());

/** Signs in while something else happens: that begins when the session is opened and not committed yet. */
async function signInBeside(
  cookies: ReadonlyMap<string, string>,
  signIn: (browser: Browser) => Promise<{ status: number }>,
  other: () => Promise<{ status: number }>,
) {
  const { database } = world.runtime;
  let beside: Promise<{ status: number }> | undefined;
  const transaction: Database["transaction"] = (role, organizationId, body) =>
    database.transaction(role, organizationId, async (tx) => {
      const result = await body(tx);
      if (typeof result === "object" && result !== null && "token" in result) {
        let isOver = false;
        beside = other().finally(() => {
          isOver = true;
        });
        await vi.waitUntil(async () => isOver || (await waiting(world)) > 0, { timeout: patienceMs, interval: 10 });
      }
      return result;
    });
  const handler = createHandler({ ...world.runtime, database: { ...database, transaction } });
  const browser = openBrowser({ handler }, { ip: freshAddress() });
  for (const [name, value] of cookies) browser.cookies.set(name, value);
  const signedIn = await signIn(browser);
  return { browser, statuses: [signedIn.status, (await beside)?.status] };
}

/** Somebody with an authenticator app, and somebody who knows the password and waits to show a code. */
async function givenWaiting() {
  const { person, browser } = await givenSignedIn(world, organization);
  const { secret } = await enrolTotp(world, browser);
  const { authenticator } = await enrolPasskey(browser);
  world.now = later(60);
  const pending = browserOf(world);
  await showPassword(pending, person);
  return { person, browser, pending, secret, authenticator };
}

const changePassword = (browser: Browser, { password }: GivenPerson) =>
  browser.call("auth.password.change", { currentPassword: password, newPassword: "quite another passphrase" });

const saidTo = async (browser: Browser) => (await browser.call("projects.list")).status;

describe("a session that a second factor opens at the very moment", () => {
  it("at which the password is changed ends with the one that waited for it (TM-7)", async () => {
    const { person, browser, pending, secret } = await givenWaiting();
    const code = codeOf(secret, later(0));
    const beside = await signInBeside(
      pending.cookies,
      (theirs) => theirs.signIn("second-factor", { code }),
      () => changePassword(browser, person),
    );
    expect([...beside.statuses, await saidTo(beside.browser)]).toEqual([200, 200, 401]);
  });

  it("at which everybody is signed out ends with the one that waited for it: by a passkey too (TM-7)", async () => {
    const { browser, pending, authenticator } = await givenWaiting();
    const beside = await signInBeside(
      pending.cookies,
      (theirs) => showPasskey(theirs, authenticator, { secondFactor: true }),
      () => browser.call("auth.sessions.revokeAll", { keepThis: true }),
    );
    expect([...beside.statuses, await saidTo(beside.browser)]).toEqual([200, 200, 401]);
  });
});

describe("a session that a password opens at the very moment", () => {
  it("at which a first second factor is confirmed does not go on without it (TM-21)", async () => {
    const { person, browser } = await givenSignedIn(world, organization);
    const { data } = await browser.call<{ secret: string }>("auth.totp.enrol");
    const beside = await signInBeside(
      new Map(),
      (theirs) => theirs.signIn("password", { email: person.email, password: person.password }),
      () => browser.call("auth.totp.confirm", { code: codeOf(data.secret, later(0)) }),
    );
    expect([...beside.statuses, await saidTo(beside.browser)]).toEqual([200, 200, 401]);
  });
});
