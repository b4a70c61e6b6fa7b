import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { reasonOf } from "../support/call-response";
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

async function givenRecoveryCodes() {
  const { person, browser } = await givenSignedIn(world, organization);
  const { recoveryCodes, secret } = await enrolTotp(world, browser);
  const pending = async () => {
    const next = browserOf(world);
    await showPassword(next, person);
    return next;
  };
  return { person, browser, recoveryCodes, secret, pending };
}

describe("using a recovery code", () => {
  it("a recovery code replaces the authenticator app once (TM-21)", async () => {
    const { person, browser, recoveryCodes, pending } = await givenRecoveryCodes();
    const [code = ""] = recoveryCodes;
    expect(code).toMatch(/^[0-9a-hjkmnp-tv-z]{6}(-[0-9a-hjkmnp-tv-z]{6}){3}$/);
    const recovering = await pending();
    expect((await recovering.signIn("second-factor", { code })).status).toBe(200);
    const { data } = await recovering.call<{ principal: { methods: string[] } }>("auth.session");
    expect(data.principal.methods).toEqual(["password", "recovery_code"]);
    const again = await (await pending()).signIn("second-factor", { code });
    expect(reasonOf(again)).toEqual([401, "code_refused"]);
    expect(await refusedReasons(world, person.userId)).toContain("spent_code");
    expect((await browser.call("auth.secondFactors")).data).toMatchObject({ recoveryCodes: 9 });
  });

  it("a recovery code signs in exactly one of several concurrent requests (TM-21)", async () => {
    const { recoveryCodes, pending } = await givenRecoveryCodes();
    const browsers = await Promise.all(Array.from({ length: 5 }, pending));
    const code = recoveryCodes[4] ?? "";
    const answers = await Promise.all(browsers.map((browser) => browser.signIn("second-factor", { code })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401, 401]);
  });

  it("a recovery code and an app code for the same sign-in open only one session (TM-21)", async () => {
    const { recoveryCodes, pending, secret } = await givenRecoveryCodes();
    world.now = new Date(start.getTime() + 60_000);
    const browser = await pending();
    const copy = browserOf(world);
    for (const [name, value] of browser.cookies) copy.cookies.set(name, value);
    const answers = await Promise.all([
      browser.signIn("second-factor", { code: recoveryCodes[0] ?? "" }),
      copy.signIn("second-factor", { code: codeOf(secret, world.now) }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401]);
  });

  it("a recovery code is accepted in upper case, with spaces, and with O and l for 0 and 1 (TM-21)", async () => {
    const { recoveryCodes, pending } = await givenRecoveryCodes();
    const typed = (recoveryCodes[2] ?? "").toUpperCase().replaceAll("-", " ").replaceAll("0", "O").replaceAll("1", "l");
    expect((await (await pending()).signIn("second-factor", { code: typed })).status).toBe(200);
  });

  it("a recovery code is refused for another person (TM-21)", async () => {
    const ada = await givenRecoveryCodes();
    const mallory = await givenRecoveryCodes();
    const code = ada.recoveryCodes[0] ?? "";
    expect((await (await mallory.pending()).signIn("second-factor", { code })).status).toBe(401);
    expect((await (await ada.pending()).signIn("second-factor", { code })).status).toBe(200);
  });
});

describe("renewing recovery codes", () => {
  it("renewing recovery codes returns ten new codes and invalidates the old ones (TM-21)", async () => {
    const { person, browser, recoveryCodes, pending } = await givenRecoveryCodes();
    const renewed = await browser.call<{ recoveryCodes: string[] }>("auth.recoveryCodes.renew");
    expect(renewed.data.recoveryCodes).toHaveLength(10);
    for (const code of renewed.data.recoveryCodes) expect(recoveryCodes).not.toContain(code);
    expect((await (await pending()).signIn("second-factor", { code: recoveryCodes[0] ?? "" })).status).toBe(401);
    const [first = ""] = renewed.data.recoveryCodes;
    expect((await (await pending()).signIn("second-factor", { code: first })).status).toBe(200);
    expect(await doneActions(world, person.userId)).toContain("auth.recoveryCodes.renew");
  });

  it("renewing recovery codes is refused with no_second_factor if the person has no second factor (TM-21)", async () => {
    const { browser } = await givenSignedIn(world, organization);
    const refused = await browser.call("auth.recoveryCodes.renew");
    expect([refused.status, refused.error.data.reason]).toEqual([409, "no_second_factor"]);
  });

  it("renewing recovery codes requires a recent sign-in or a valid code, and a wrong code spends none (TM-21)", async () => {
    const { browser, recoveryCodes } = await givenRecoveryCodes();
    world.now = new Date(start.getTime() + 601_000);
    expect((await browser.call("auth.recoveryCodes.renew")).error.data.reason).toBe("recent_sign_in_required");
    const wrong = await browser.call("auth.recoveryCodes.renew", { code: "000000" });
    expect([wrong.status, wrong.error.data.reason]).toEqual([403, "wrong_code"]);
    expect((await browser.call("auth.secondFactors")).data).toMatchObject({ recoveryCodes: 10 });
    expect((await browser.call("auth.recoveryCodes.renew", { code: recoveryCodes[1] ?? "" })).status).toBe(200);
  });

  it("the first passkey comes with ten recovery codes, and the second one with none", async () => {
    const { browser, person } = await givenSignedIn(world, organization);
    const first = await enrolPasskey(browser);
    expect(first.answer.data.recoveryCodes).toHaveLength(10);
    expect((await enrolPasskey(browser)).answer.data.recoveryCodes).toBeNull();
    // At the loopback address, a passkey of the public host name cannot be used.
    const local = browserOf(world, "http://127.0.0.1:3000");
    await showPassword(local, person);
    const [code = ""] = first.answer.data.recoveryCodes ?? [];
    expect((await local.signIn("second-factor", { code })).status).toBe(200);
  });
});
