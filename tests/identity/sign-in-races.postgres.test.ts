import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Database } from "#src/database/database";
import { createHandler } from "#src/http/handler";
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

/** The middle of a TOTP time step, so that no code expires during a test. */
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

/** Signs in, and starts `other` when the session is inserted but not yet committed. */
async function signInDuring(
  cookies: ReadonlyMap<string, string>,
  signIn: (browser: Browser) => Promise<{ status: number }>,
  other: () => Promise<{ status: number }>,
) {
  const { database } = world.runtime;
  let concurrent: Promise<{ status: number }> | undefined;
  const transaction: Database["transaction"] = (role, organizationId, body) =>
    database.transaction(role, organizationId, async (tx) => {
      const result = await body(tx);
      if (typeof result === "object" && result !== null && "token" in result) {
        let isDone = false;
        concurrent = other().finally(() => {
          isDone = true;
        });
        await vi.waitUntil(async () => isDone || (await waiting(world)) > 0, { timeout: patienceMs, interval: 10 });
      }
      return result;
    });
  const handler = createHandler({ ...world.runtime, database: { ...database, transaction } });
  const browser = openBrowser({ handler }, { ip: freshAddress() });
  for (const [name, value] of cookies) browser.cookies.set(name, value);
  const signedIn = await signIn(browser);
  return { browser, statuses: [signedIn.status, (await concurrent)?.status] };
}

/** A person with an authenticator app and a passkey, and a second browser that waits for the second factor. */
async function givenPending() {
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

const statusOfNextCall = async (browser: Browser) => (await browser.call("projects.list")).status;

describe("a session that a second factor opens", () => {
  it("a session is revoked with its pending session if the password changes at the same moment (TM-7)", async () => {
    const { person, browser, pending, secret } = await givenPending();
    const code = codeOf(secret, later(0));
    const outcome = await signInDuring(
      pending.cookies,
      (opened) => opened.signIn("second-factor", { code }),
      () => changePassword(browser, person),
    );
    expect([...outcome.statuses, await statusOfNextCall(outcome.browser)]).toEqual([200, 200, 401]);
  });

  it("a passkey session is revoked with its pending session if all sessions are revoked at that moment (TM-7)", async () => {
    const { browser, pending, authenticator } = await givenPending();
    const outcome = await signInDuring(
      pending.cookies,
      (opened) => showPasskey(opened, authenticator, { secondFactor: true }),
      () => browser.call("auth.sessions.revokeAll", { keepThis: true }),
    );
    expect([...outcome.statuses, await statusOfNextCall(outcome.browser)]).toEqual([200, 200, 401]);
  });
});

describe("a session that a password opens", () => {
  it("a password session is not valid without a second factor that is confirmed at the same moment (TM-21)", async () => {
    const { person, browser } = await givenSignedIn(world, organization);
    const { data } = await browser.call<{ secret: string }>("auth.totp.enrol");
    const outcome = await signInDuring(
      new Map(),
      (opened) => opened.signIn("password", { email: person.email, password: person.password }),
      () => browser.call("auth.totp.confirm", { code: codeOf(data.secret, later(0)) }),
    );
    expect([...outcome.statuses, await statusOfNextCall(outcome.browser)]).toEqual([200, 200, 401]);
  });
});
