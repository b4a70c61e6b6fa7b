import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  browserOf,
  codeOf,
  doneActions,
  enrolPasskey,
  enrolTotp,
  givenSignedIn,
  refusedReasons,
  showPassword,
} from "../support/second-factors";
import { type GivenOrganization, openWorld, type World } from "../support/world";

let world: World;
let organization: GivenOrganization;

const start = new Date("2026-11-21T10:00:15.000Z");

beforeAll(async () => {
  world = await openWorld();
  organization = await world.organization();
});
beforeEach(() => {
  world.now = start;
});
afterAll(() => world.close());

async function givenCodes() {
  const { person, browser } = await givenSignedIn(world, organization);
  const { recoveryCodes, secret } = await enrolTotp(world, browser);
  const waiting = async () => {
    const next = browserOf(world);
    await showPassword(next, person);
    return next;
  };
  return { person, browser, recoveryCodes, secret, waiting };
}

describe("a recovery code", () => {
  it("stands in for the authenticator app, once (TM-21)", async () => {
    const { person, browser, recoveryCodes, waiting } = await givenCodes();
    const [code = ""] = recoveryCodes;
    expect(code).toMatch(/^[0-9a-hjkmnp-tv-z]{6}(-[0-9a-hjkmnp-tv-z]{6}){3}$/);
    const recovering = await waiting();
    expect((await recovering.signIn("second-factor", { code })).status).toBe(200);
    const { data } = await recovering.call<{ principal: { methods: string[] } }>("auth.session");
    expect(data.principal.methods).toEqual(["password", "recovery_code"]);
    const again = await (await waiting()).signIn("second-factor", { code });
    expect([again.status, again.body]).toMatchObject([401, { error: { data: { reason: "code_refused" } } }]);
    expect(await refusedReasons(world, person.userId)).toContain("spent_code");
    expect((await browser.call("auth.secondFactors")).data).toMatchObject({ recoveryCodes: 9 });
  });

  it("lets exactly one of many win that send it at once (TM-21)", async () => {
    const { recoveryCodes, waiting } = await givenCodes();
    const browsers = await Promise.all(Array.from({ length: 5 }, waiting));
    const code = recoveryCodes[4] ?? "";
    const answers = await Promise.all(browsers.map((browser) => browser.signIn("second-factor", { code })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401, 401]);
  });

  it("opens one session, also beside a code of the app at the same moment (TM-21)", async () => {
    const { recoveryCodes, waiting, secret } = await givenCodes();
    world.now = new Date(start.getTime() + 60_000);
    const browser = await waiting();
    const copy = browserOf(world);
    for (const [name, value] of browser.cookies) copy.cookies.set(name, value);
    const answers = await Promise.all([
      browser.signIn("second-factor", { code: recoveryCodes[0] ?? "" }),
      copy.signIn("second-factor", { code: codeOf(secret, world.now) }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401]);
  });

  it("is read however it is typed (TM-21)", async () => {
    const { recoveryCodes, waiting } = await givenCodes();
    const typed = (recoveryCodes[2] ?? "").toUpperCase().replaceAll("-", " ").replaceAll("0", "O").replaceAll("1", "l");
    expect((await (await waiting()).signIn("second-factor", { code: typed })).status).toBe(200);
  });

  it("is worth nothing to another person (TM-21)", async () => {
    const ada = await givenCodes();
    const mallory = await givenCodes();
    const code = ada.recoveryCodes[0] ?? "";
    expect((await (await mallory.waiting()).signIn("second-factor", { code })).status).toBe(401);
    expect((await (await ada.waiting()).signIn("second-factor", { code })).status).toBe(200);
  });
});

describe("renewing recovery codes", () => {
  it("gives ten others, and makes the old ones worth nothing (TM-21)", async () => {
    const { person, browser, recoveryCodes, waiting } = await givenCodes();
    const renewed = await browser.call<{ recoveryCodes: string[] }>("auth.recoveryCodes.renew");
    expect(renewed.data.recoveryCodes).toHaveLength(10);
    for (const code of renewed.data.recoveryCodes) expect(recoveryCodes).not.toContain(code);
    expect((await (await waiting()).signIn("second-factor", { code: recoveryCodes[0] ?? "" })).status).toBe(401);
    const [first = ""] = renewed.data.recoveryCodes;
    expect((await (await waiting()).signIn("second-factor", { code: first })).status).toBe(200);
    expect(await doneActions(world, person.userId)).toContain("auth.recoveryCodes.renew");
  });

  it("is refused where there is nothing that they stand in for (TM-21)", async () => {
    const { browser } = await givenSignedIn(world, organization);
    const refused = await browser.call("auth.recoveryCodes.renew");
    expect([refused.status, refused.error.data.reason]).toEqual([409, "no_second_factor"]);
  });

  it("needs a recent sign-in, the password or a code, each of which is spent by that (TM-21)", async () => {
    const { browser, recoveryCodes } = await givenCodes();
    world.now = new Date(start.getTime() + 601_000);
    expect((await browser.call("auth.recoveryCodes.renew")).error.data.reason).toBe("recent_sign_in_required");
    const wrong = await browser.call("auth.recoveryCodes.renew", { code: "000000" });
    expect([wrong.status, wrong.error.data.reason]).toEqual([403, "wrong_code"]);
    expect((await browser.call("auth.secondFactors")).data).toMatchObject({ recoveryCodes: 10 });
    expect((await browser.call("auth.recoveryCodes.renew", { code: recoveryCodes[1] ?? "" })).status).toBe(200);
  });

  it("comes with a first passkey too, and not with a second one (—)", async () => {
    const { browser, person } = await givenSignedIn(world, organization);
    const first = await enrolPasskey(browser);
    expect(first.answer.data.recoveryCodes).toHaveLength(10);
    expect((await enrolPasskey(browser)).answer.data.recoveryCodes).toBeNull();
    // On the host's own address, where a passkey of the public name cannot be shown.
    const local = browserOf(world, "http://127.0.0.1:3000");
    await showPassword(local, person);
    const [code = ""] = first.answer.data.recoveryCodes ?? [];
    expect((await local.signIn("second-factor", { code })).status).toBe(200);
  });
});
