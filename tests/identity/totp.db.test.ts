import { like } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { auditEntries } from "#drizzle/audit";
import { organizations } from "#drizzle/organizations";
import { limits, recoveryCodes as recoveryCodesTable, sessions, totpSecrets } from "#drizzle/persons";
import { reasonOf } from "../support/call-response";
import { deleteRows, lastRow, readRows, updateRows } from "../support/rows/table";
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

/** A person with an authenticator app, and a browser that passed the password. The next code is not spent. */
async function givenPending() {
  const { person, browser: enrolling } = await givenSignedIn(world, organization);
  const app = await enrolTotp(world, enrolling);
  world.now = later(60);
  const browser = browserOf(world);
  await showPassword(browser, person);
  return { person, browser, enrolling, ...app };
}

describe("using an authenticator app", () => {
  it("an app is enrolled with secret, URL and QR code, and is required after its first code (TM-21)", async () => {
    const { person, browser } = await givenSignedIn(world, organization);
    const { data } = await browser.call<{ secret: string; url: string; qrCode: string }>("auth.totp.enrol");
    const url = new URL(data.url);
    expect(url.protocol).toBe("otpauth:");
    expect(url.searchParams.get("secret")).toBe(data.secret);
    expect(url.searchParams.get("issuer")).toBe("Portcullis (portcullis.example.org)");
    expect(decodeURIComponent(url.pathname)).toContain(person.email);
    const image = Buffer.from(data.qrCode.replace("data:image/svg+xml;base64,", ""), "base64").toString();
    expect(image).toMatch(/^<svg/);

    const before = browserOf(world);
    await showPassword(before, person);
    expect((await before.call("projects.list")).status).toBe(200);

    const wrong = await browser.call("auth.totp.confirm", { code: codeOf(data.secret, start, 5) });
    expect([wrong.status, wrong.error.data.reason]).toEqual([400, "totp_code_wrong"]);
    const confirmed = await browser.call<{ recoveryCodes: string[] }>("auth.totp.confirm", {
      code: codeOf(data.secret, start),
    });
    expect(confirmed.data.recoveryCodes).toHaveLength(10);
    expect(new Set(confirmed.data.recoveryCodes).size).toBe(10);
    const factors = await browser.call("auth.secondFactors");
    expect(factors.data).toEqual({ totp: true, passkeys: 0, recoveryCodes: 10 });
    expect(await doneActions(world, person.userId)).toEqual(
      expect.arrayContaining(["auth.totp.enrol", "auth.totp.confirm"]),
    );
    expect(await refusedReasons(world, person.userId)).toContain("totp_code_wrong");
  });

  it("enrolling an app ends sessions by password alone, and keeps pending sessions (TM-21)", async () => {
    const { person, browser } = await givenSignedIn(world, organization);
    const [thief, pending] = [browserOf(world), browserOf(world)];
    await showPassword(thief, person);
    expect((await thief.call("projects.list")).status).toBe(200);
    await enrolTotp(world, browser);
    const after = await thief.call("projects.list");
    expect([after.status, after.error?.data.reason]).toEqual([401, "session_ended"]);
    expect((await browser.call("projects.list")).status).toBe(200);

    // Sessions with a second factor, and sessions that wait for one, continue.
    await showPassword(pending, person);
    expect((await enrolPasskey(browser)).answer.status).toBe(200);
    const { data } = await pending.call<{ pending: string }>("auth.session");
    expect(data.pending).toBe("second_factor");
  });

  it("the secret of an app is sealed for its row and never logged (TM-22)", async () => {
    const { person, secret, recoveryCodes } = await givenPending();
    const [row] = await readRows(world.db.owner, totpSecrets, { userId: person.userId }, ["secretSealed"]);
    const sealed = row?.secretSealed ?? "";
    const { sealer } = world.runtime;
    expect(sealed).not.toContain(secret);
    expect(sealer.open(`totp_secrets:secret_sealed:${person.userId}`, sealed)).toEqual({ ok: true, plaintext: secret });
    expect(sealer.open("totp_secrets:secret_sealed:usr_else", sealed).ok).toBe(false);
    const stored = await readRows(world.db.owner, recoveryCodesTable, { userId: person.userId }, ["hash"]);
    expect(stored).toHaveLength(10);
    const entries = JSON.stringify(await readRows(world.db.owner, auditEntries));
    for (const text of [secret, ...recoveryCodes]) {
      expect(world.log()).not.toContain(text);
      expect(entries).not.toContain(text);
      expect(JSON.stringify(stored)).not.toContain(text);
    }
  });

  it("a session that waits for a second factor can do nothing else (TM-21)", async () => {
    const { browser, secret } = await givenPending();
    const { data } = await browser.call<{ pending: string; permissions: string[] }>("auth.session");
    expect(data).toMatchObject({ pending: "second_factor", permissions: [], organization: null, organizations: [] });
    expect(data).toMatchObject({ principal: { role: null } });
    for (const [procedure, input] of [
      ["projects.list", {}],
      ["projects.create", { name: "Mine" }],
      ["auth.totp.enrol", {}],
      ["auth.totp.remove", { code: codeOf(secret, later(0)) }],
      ["auth.recoveryCodes.renew", {}],
      ["auth.passkeys.enrolOptions", {}],
      ["auth.passkeys.list", {}],
      ["auth.sessions.list", {}],
    ] as const) {
      const answer = await browser.call(procedure, input);
      expect([procedure, answer.status, answer.error?.data.reason]).toEqual([procedure, 403, "second_factor_required"]);
    }
    expect((await browser.call("auth.secondFactors")).data).toMatchObject({ totp: true });
  });

  it("a code opens a new session with a new token and ends the pending one (TM-21)", async () => {
    const { person, browser, secret } = await givenPending();
    const pendingCookies = new Map(browser.cookies);
    const signedIn = await browser.signIn("second-factor", { code: codeOf(secret, later(0)) });
    expect(signedIn.status).toBe(200);
    const { data } = await browser.call<{ pending: string | null; principal: { methods: string[] } }>("auth.session");
    expect(data.pending).toBeNull();
    expect(data.principal.methods).toEqual(["password", "totp"]);
    expect((await browser.call("projects.create", { name: "Mine" })).status).toBe(200);

    const fixed = browserOf(world);
    for (const [name, value] of pendingCookies) fixed.cookies.set(name, value);
    const refused = await fixed.call("auth.session");
    expect([refused.status, refused.error.data.reason]).toEqual([401, "session_ended"]);
    expect((await doneActions(world, person.userId)).slice(-3, -1)).toEqual(["auth.firstFactor", "auth.signIn"]);
  });

  it("a sign-in with a code keeps `remember me` from the password step (TM-21)", async () => {
    const { person, secret } = await givenPending();
    const browser = browserOf(world);
    await showPassword(browser, person, { remember: "true" });
    const { headers } = await browser.signIn("second-factor", { code: codeOf(secret, later(0)) });
    const kept = headers.getSetCookie().filter((line) => /^__Host-portcullis\.(session|csrf)=/.test(line));
    expect(kept.map((line) => /Max-Age=(\d+)/.exec(line)?.[1])).toEqual(["604800", "604800"]);
    const row = await lastRow(world.db.owner, sessions, { userId: person.userId, stage: "full" });
    expect(row?.remember).toBe(true);
    expect((row?.expiresAt.getTime() ?? 0) - (row?.createdAt.getTime() ?? 0)).toBe(604_800_000);
  });

  it("a code is accepted one time step before or after, and refused two steps away (TM-21)", async () => {
    for (const [steps, status] of [
      [-2, 401],
      [2, 401],
      [-1, 200],
      [1, 200],
      [0, 200],
    ] as const) {
      const { browser, secret } = await givenPending();
      world.now = later(60);
      const { status: got } = await browser.signIn("second-factor", { code: codeOf(secret, later(0), steps) });
      expect([steps, got]).toEqual([steps, status]);
    }
  });

  it("a code is accepted once, and earlier codes are refused after it (TM-21)", async () => {
    const { person, browser, secret } = await givenPending();
    const code = codeOf(secret, later(0));
    const earlier = codeOf(secret, later(0), -1);
    expect((await browser.signIn("second-factor", { code })).status).toBe(200);
    for (const spent of [code, earlier]) {
      const thief = browserOf(world);
      await showPassword(thief, person);
      const refused = await thief.signIn("second-factor", { code: spent });
      expect(reasonOf(refused)).toEqual([401, "code_refused"]);
      expect((await thief.call("projects.list")).status).toBe(403);
    }
    expect(await refusedReasons(world, person.userId)).toEqual(expect.arrayContaining(["spent_code"]));
  });

  it("the code that confirmed an app cannot sign in (TM-21)", async () => {
    const { person, browser: enrolling } = await givenSignedIn(world, organization);
    const { secret } = await enrolTotp(world, enrolling);
    const browser = browserOf(world);
    await showPassword(browser, person);
    expect((await browser.signIn("second-factor", { code: codeOf(secret, start) })).status).toBe(401);
  });

  it("a code signs in exactly one of several concurrent requests (TM-21)", async () => {
    const { person, secret } = await givenPending();
    const browsers = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const browser = browserOf(world);
        await showPassword(browser, person);
        return browser;
      }),
    );
    const code = codeOf(secret, later(0));
    const answers = await Promise.all(browsers.map((browser) => browser.signIn("second-factor", { code })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401, 401]);
  });

  it("a code is accepted with a space, and malformed codes are refused (TM-21)", async () => {
    const { browser, secret } = await givenPending();
    for (const code of ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦"]) {
      world.now = later(90);
      expect((await browser.signIn("second-factor", { code })).status).toBe(401);
      await deleteRows(world.db.owner, limits);
    }
    const code = codeOf(secret, later(0));
    expect((await browser.signIn("second-factor", { code: `${code.slice(0, 3)} ${code.slice(3)}` })).status).toBe(200);
  });

  it("a code is refused without the password step, and ten minutes after it (TM-21)", async () => {
    const { browser, secret } = await givenPending();
    const stranger = browserOf(world);
    const withoutPassword = await stranger.signIn("second-factor", { code: codeOf(secret, later(0)) });
    expect(reasonOf(withoutPassword)).toEqual([401, "session_ended"]);
    world.now = later(601);
    const late = await browser.signIn("second-factor", { code: codeOf(secret, later(0)) });
    expect(reasonOf(late)).toEqual([401, "session_ended"]);
  });

  it("a code is refused at another origin than that of the password step (ADR-10)", async () => {
    const { person, secret } = await givenPending();
    const onHost = browserOf(world, "http://127.0.0.1:3000");
    await showPassword(onHost, person);
    const copy = browserOf(world);
    for (const [name, value] of onHost.cookies) copy.cookies.set(`__Host-${name}`, value);
    const refused = await copy.signIn("second-factor", { code: codeOf(secret, later(0)) });
    expect(reasonOf(refused)).toEqual([401, "session_ended"]);
    expect((await onHost.signIn("second-factor", { code: codeOf(secret, later(0)) })).status).toBe(200);
  });

  it("a code or recovery code of another person is refused (TM-21)", async () => {
    const mallory = await givenPending();
    const ada = await givenPending();
    expect((await ada.browser.signIn("second-factor", { code: codeOf(mallory.secret, later(0)) })).status).toBe(401);
    expect((await ada.browser.signIn("second-factor", { code: mallory.recoveryCodes[0] ?? "" })).status).toBe(401);
  });

  it("an unconfirmed app has no effect, also if the person has a passkey (TM-21)", async () => {
    const { person, browser: enrolling } = await givenSignedIn(world, organization);
    await enrolPasskey(enrolling);
    const { data } = await enrolling.call<{ secret: string }>("auth.totp.enrol");
    const code = codeOf(data.secret, start);
    const proof = await enrolling.call("auth.totp.remove", { code });
    expect([proof.status, proof.error?.data.reason]).toEqual([403, "wrong_code"]);
    const browser = browserOf(world);
    await showPassword(browser, person);
    expect((await browser.signIn("second-factor", { code })).status).toBe(401);
  });

  it("a code is refused for a session that does not wait for a second factor (TM-21)", async () => {
    const { browser, secret } = await givenPending();
    expect((await browser.signIn("second-factor", { code: codeOf(secret, later(0)) })).status).toBe(200);
    world.now = later(60);
    const again = await browser.signIn("second-factor", { code: codeOf(secret, later(0)) });
    expect(reasonOf(again)).toEqual([401, "session_ended"]);
    expect((await browser.call("auth.session")).data).toMatchObject({ pending: null });
  });

  it("an app must be confirmed within 30 minutes by the person who enrolled it", async () => {
    const { browser } = await givenSignedIn(world, organization);
    const { data } = await browser.call<{ secret: string }>("auth.totp.enrol");
    const { browser: other } = await givenSignedIn(world, organization);
    const foreign = await other.call("auth.totp.confirm", { code: codeOf(data.secret, start) });
    expect([foreign.status, foreign.error.data.reason]).toEqual([409, "totp_not_started"]);
    world.now = later(1_801);
    const late = await browser.call("auth.totp.confirm", { code: codeOf(data.secret, later(0)) });
    expect([late.status, late.error.data.reason]).toEqual([409, "totp_not_started"]);
  });

  it("a confirmed app cannot be replaced (TM-21)", async () => {
    const { browser } = await givenSignedIn(world, organization);
    await enrolTotp(world, browser);
    const again = await browser.call("auth.totp.enrol");
    expect([again.status, again.error.data.reason]).toEqual([409, "totp_enrolled"]);
  });
});

describe("limits of codes", () => {
  it("wrong codes are limited by address, with Retry-After (TM-21)", async () => {
    const { browser, secret } = await givenPending();
    const stranger = browserOf(world);
    for (let i = 0; i < 5; i++) expect((await stranger.signIn("second-factor", { code: "000000" })).status).toBe(401);
    const limited = await stranger.signIn("second-factor", { code: "000000" });
    expect(limited.status).toBe(429);
    expect(Number(limited.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await browser.signIn("second-factor", { code: codeOf(secret, later(0)) })).status).toBe(200);
  });

  it("wrong codes are limited by account across all addresses (TM-21)", async () => {
    const { person, secret } = await givenPending();
    for (let i = 0; i < 5; i++) {
      const guessing = browserOf(world);
      await showPassword(guessing, person);
      expect((await guessing.signIn("second-factor", { code: "000000" })).status).toBe(401);
    }
    const guessing = browserOf(world);
    await showPassword(guessing, person);
    const code = codeOf(secret, later(0));
    expect((await guessing.signIn("second-factor", { code })).status).toBe(429);
    expect(await refusedReasons(world, person.userId)).toContain("rate_limited");
    world.now = later(301);
    expect((await guessing.signIn("second-factor", { code: codeOf(secret, later(0)) })).status).toBe(200);
  });

  it("correct codes are not counted (TM-21)", async () => {
    const { person, recoveryCodes } = await givenPending();
    for (const code of recoveryCodes.slice(0, 7)) {
      const browser = browserOf(world);
      await showPassword(browser, person);
      expect((await browser.signIn("second-factor", { code })).status).toBe(200);
    }
  });
});

describe("removing an authenticator app", () => {
  it("removing an app requires a code, a recovery code or the password, even after a recent sign-in (TM-21)", async () => {
    const { person, browser } = await givenSignedIn(world, organization);
    const app = await enrolTotp(world, browser);
    world.now = later(60);
    const attempts = [
      [{}, "proof_required"],
      [{ code: "000000" }, "wrong_code"],
      [{ code: "0000-0000" }, "wrong_code"],
      [{ password: "not this one at all" }, "wrong_password"],
    ] as const;
    for (const [proof, reason] of attempts) {
      const refused = await browser.call("auth.totp.remove", proof);
      expect([refused.status, refused.error.data.reason]).toEqual([403, reason]);
    }
    expect(await refusedReasons(world, person.userId)).toEqual(
      expect.arrayContaining(["proof_required", "wrong_code", "wrong_password"]),
    );
    for (const proof of [{ password: person.password }, "code", "recovery"] as const) {
      await deleteRows(world.db.owner, limits);
      const { secret, recoveryCodes } =
        proof === "code" || proof === "recovery" ? await enrolTotp(world, browser) : app;
      world.now = later(60);
      const shown =
        proof === "code"
          ? { code: codeOf(secret, later(0)) }
          : proof === "recovery"
            ? { code: recoveryCodes[3] ?? "" }
            : proof;
      const removed = await browser.call("auth.totp.remove", shown);
      expect(removed.data).toEqual({ totp: false, passkeys: 0, recoveryCodes: 0 });
    }
    const again = browserOf(world);
    await showPassword(again, person);
    expect((await again.call("projects.list")).status).toBe(200);
  });

  it("removing an app gets 429 after five wrong passwords or codes (TM-21)", async () => {
    const { person, browser } = await givenSignedIn(world, organization);
    await enrolTotp(world, browser);
    for (let i = 0; i < 5; i++) {
      await deleteRows(world.db.owner, limits, [like(limits.key, "%:ip:%")]);
      expect((await browser.call("auth.totp.remove", { password: `guess number ${i}` })).status).toBe(403);
    }
    const limited = await browser.call("auth.totp.remove", { password: person.password });
    expect(limited.status).toBe(429);
  });

  it("changes of second factors are limited by address (TM-21)", async () => {
    const { browser } = await givenSignedIn(world, organization);
    for (let i = 0; i < 10; i++) await browser.call("auth.totp.remove");
    const limited = await browser.call("auth.totp.enrol");
    expect(limited.status).toBe(429);
    expect(Number(limited.headers.get("retry-after"))).toBeGreaterThan(0);
  });
});

describe("a recent sign-in", () => {
  it.each(["auth.totp.enrol", "auth.passkeys.enrolOptions", "auth.recoveryCodes.renew"])(
    "a recent sign-in does not excuse a wrong password or code at %s (TM-21)",
    async (procedure) => {
      const { browser } = await givenSignedIn(world, organization);
      for (const [proof, reason] of [
        [{ password: "not this one at all" }, "wrong_password"],
        [{ code: "123456" }, "wrong_code"],
      ] as const) {
        const refused = await browser.call(procedure, proof);
        expect([refused.status, refused.error?.data.reason]).toEqual([403, reason]);
      }
      expect((await browser.call("auth.totp.enrol")).status).toBe(200);
    },
  );
});

describe("an old sign-in", () => {
  it("an old sign-in cannot change second factors without the password or a code (TM-21)", async () => {
    const { person, browser } = await givenSignedIn(world, organization);
    world.now = later(601);
    for (const procedure of ["auth.totp.enrol", "auth.passkeys.enrolOptions", "auth.recoveryCodes.renew"]) {
      const refused = await browser.call(procedure);
      expect([procedure, refused.status, refused.error.data.reason]).toEqual([
        procedure,
        403,
        "recent_sign_in_required",
      ]);
    }
    expect((await browser.call("auth.totp.enrol", { password: person.password })).status).toBe(200);
  });
});

describe("an organization that requires a second factor", () => {
  it("a member without a required second factor can only enrol one, and then continue (PO-20)", async () => {
    const strict = await world.organization();
    const { person, browser } = await givenSignedIn(world, strict);
    await updateRows(
      world.db.owner,
      organizations,
      { organizationId: strict.organizationId },
      { requireSecondFactor: true },
    );
    expect((await browser.call("auth.session")).data).toMatchObject({ pending: "enrolment", permissions: [] });
    for (const [procedure, input] of [
      ["projects.list", {}],
      ["projects.create", { name: "Mine" }],
      ["organizations.list", {}],
    ] as const) {
      const refused = await browser.call(procedure, input);
      expect([procedure, refused.status, refused.error.data.reason]).toEqual([
        procedure,
        403,
        "second_factor_enrolment_required",
      ]);
    }
    await enrolTotp(world, browser);
    expect((await browser.call("auth.session")).data).toMatchObject({ pending: null });
    expect((await browser.call("projects.create", { name: "Mine" })).status).toBe(200);

    const removed = await browser.call("auth.totp.remove", { password: person.password });
    expect(removed.status).toBe(200);
    const refused = await browser.call("projects.list");
    expect([refused.status, refused.error.data.reason]).toEqual([403, "second_factor_enrolment_required"]);
  });
});
