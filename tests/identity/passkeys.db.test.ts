import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { auditEntries } from "#drizzle/audit";
import { organizations } from "#drizzle/organizations";
import { limits, passkeys } from "#drizzle/persons";
import { openAuthenticator } from "../support/authenticator";
import type { Browser } from "../support/browser";
import { reasonOf } from "../support/call-response";
import { passkeyRows } from "../support/rows/persons";
import { deleteRows, lastRow, readRows, updateRows } from "../support/rows/table";
import {
  askChallenge,
  browserOf,
  codeOf,
  doneActions,
  enrolPasskey,
  enrolTotp,
  givenSignedIn,
  refusedReasons,
  showPasskey,
  showPassword,
} from "../support/second-factors";
import { type GivenOrganization, openWorld, testOrigin, type World } from "../support/world";

let world: World;
let organization: GivenOrganization;

const start = new Date("2026-11-21T10:00:15.000Z");
const wait = (seconds: number) => {
  world.now = new Date((world.now ?? start).getTime() + seconds * 1_000);
};

beforeAll(async () => {
  world = await openWorld();
  organization = await world.organization();
});
beforeEach(() => {
  world.now = start;
});
afterAll(() => world.close());

/** A person with a password and one passkey. */
async function givenPasskey() {
  const signedIn = await givenSignedIn(world, organization);
  const { authenticator, answer } = await enrolPasskey(signedIn.browser);
  expect(answer.status, JSON.stringify(answer.error)).toBe(200);
  return { ...signedIn, authenticator, passkeyId: answer.data.passkeyId };
}

async function methodsOf(browser: Browser) {
  const { data } = await browser.call<{ pending: string | null; principal: { methods: string[] } }>("auth.session");
  return { pending: data.pending, methods: data.principal.methods };
}

describe("enrolling a passkey", () => {
  it("enrolment requires a discoverable passkey with user verification", async () => {
    const { browser, person } = await givenSignedIn(world, organization);
    const { options, answer } = await enrolPasskey(browser, { name: "Ada's phone" });
    expect(options).toMatchObject({
      rp: { id: "portcullis.example.org" },
      user: { id: Buffer.from(person.userId).toString("base64url") },
      authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
      attestation: "none",
    });
    expect(answer.data).toMatchObject({ name: "Ada's phone", lastUsedAt: null, backedUp: false });
    expect(await methodsOf(browser)).toEqual({ pending: null, methods: ["password", "passkey"] });
    expect(await doneActions(world, person.userId)).toContain("auth.passkeys.enrol");
    const again = await browser.call<{ excludeCredentials: unknown[] }>("auth.passkeys.enrolOptions");
    expect(again.data.excludeCredentials).toHaveLength(1);
  });

  it("enrolling a passkey ends sessions that were opened by password alone", async () => {
    const { browser, person } = await givenSignedIn(world, organization);
    const thief = browserOf(world);
    await showPassword(thief, person);
    expect((await enrolPasskey(browser)).answer.status).toBe(200);
    expect((await thief.call("projects.list")).status).toBe(401);
    expect((await browser.call("projects.list")).status).toBe(200);
  });

  it("enrolment refuses a passkey of another origin or relying party, or without user verification", async () => {
    const { browser, person } = await givenSignedIn(world, organization);
    const attempts = [
      [{ origin: "https://evil.example.org" }, "foreign_origin"],
      [{ origin: "http://portcullis.example.org" }, "foreign_origin"],
      [{ crossOrigin: true }, "foreign_origin"],
      [{ rpId: "example.org" }, "wrong_relying_party"],
      [{ unverified: true }, "not_verified"],
      [{ type: "webauthn.get" }, "bad_signature"],
    ] as const;
    for (const [odd, problem] of attempts) {
      await deleteRows(world.db.owner, limits);
      const { answer } = await enrolPasskey(browser, { odd });
      expect([answer.status, answer.error.data]).toMatchObject([
        400,
        { reason: "passkey_refused", fields: { response: problem } },
      ]);
    }
    expect((await browser.call("auth.secondFactors")).data).toMatchObject({ passkeys: 0 });
    expect(await refusedReasons(world, person.userId)).toContain("passkey_refused");
  });

  it("an enrolment challenge is valid once, for five minutes, for the session that requested it", async () => {
    const { browser } = await givenSignedIn(world, organization);
    const second = await givenSignedIn(world, organization);
    type Options = Parameters<ReturnType<typeof openAuthenticator>["create"]>[0];
    const requestOptions = async () => (await browser.call<Options>("auth.passkeys.enrolOptions")).data;
    const enrol = (by: typeof browser, options: Options) =>
      by.call("auth.passkeys.enrol", { response: openAuthenticator(testOrigin).create(options), name: "Key" });

    const options = await requestOptions();
    expect((await enrol(browser, options)).status).toBe(200);
    expect((await enrol(browser, options)).error.data).toMatchObject({ fields: { response: "unknown_challenge" } });

    const stolen = await requestOptions();
    expect((await enrol(second.browser, stolen)).error.data).toMatchObject({ fields: { response: "wrong_person" } });
    expect((await enrol(browser, stolen)).error.data).toMatchObject({ fields: { response: "unknown_challenge" } });

    const late = await requestOptions();
    wait(301);
    expect((await enrol(browser, late)).error.data).toMatchObject({ fields: { response: "unknown_challenge" } });
    const foreign = await askChallenge(browserOf(world));
    expect((await enrol(browser, { ...options, challenge: foreign.challenge })).error.data).toMatchObject({
      fields: { response: "unknown_challenge" },
    });
  });

  it("a person can enrol at most 20 passkeys", async () => {
    const { browser, person } = await givenSignedIn(world, organization);
    const others = Array.from({ length: 19 }, () => ({ userId: person.userId }));
    await passkeyRows.insertAll(world.db.owner, others);
    expect((await enrolPasskey(browser)).answer.status).toBe(200);
    const { answer } = await enrolPasskey(browser);
    expect([answer.status, answer.error?.data.reason]).toEqual([409, "too_many_passkeys"]);
  });

  it("a credential can be enrolled once, also across persons", async () => {
    const { authenticator, browser } = await givenPasskey();
    const { browser: other } = await givenSignedIn(world, organization);
    for (const by of [browser, other]) {
      const options = await by.call<Parameters<typeof authenticator.create>[0]>("auth.passkeys.enrolOptions");
      const response = authenticator.create(options.data);
      const answer = await by.call("auth.passkeys.enrol", { response, name: "Again" });
      expect([answer.status, answer.error.data.reason]).toEqual([409, "passkey_known"]);
    }
  });
});

describe("managing passkeys", () => {
  it("passkeys can be listed, renamed and removed only by their owner", async () => {
    const { browser, person, authenticator, passkeyId } = await givenPasskey();
    await enrolPasskey(browser, { name: "Phone" });
    const { browser: other } = await givenSignedIn(world, organization);
    const list = async (by = browser) =>
      (await by.call<{ items: { name: string; passkeyId: string }[] }>("auth.passkeys.list")).data.items;
    expect((await list()).map(({ name }) => name)).toEqual(["Phone", "Laptop"]);
    expect(await list(other)).toEqual([]);
    for (const [procedure, input] of [
      ["auth.passkeys.rename", { passkeyId, name: "Mine" }],
      ["auth.passkeys.remove", { passkeyId }],
    ] as const) {
      const refused = await other.call(procedure, input);
      expect([procedure, refused.status, refused.error.data.reason]).toEqual([procedure, 404, "not_found"]);
    }
    expect((await browser.call("auth.passkeys.rename", { passkeyId, name: "Desk" })).data).toMatchObject({
      name: "Desk",
    });
    expect((await browser.call("auth.passkeys.remove", { passkeyId })).data).toEqual({ passkeyId });
    expect((await list()).map(({ name }) => name)).toEqual(["Phone"]);
    expect((await showPasskey(browserOf(world), authenticator)).status).toBe(401);
    expect(await doneActions(world, person.userId)).toEqual(
      expect.arrayContaining(["auth.passkeys.rename", "auth.passkeys.remove"]),
    );
  });

  it("removing a passkey requires a recent sign-in or the password", async () => {
    const { browser, person, passkeyId } = await givenPasskey();
    wait(601);
    const refused = await browser.call("auth.passkeys.remove", { passkeyId });
    expect([refused.status, refused.error.data.reason]).toEqual([403, "recent_sign_in_required"]);
    for (const [proof, reason] of [
      [{ password: "not this one at all" }, "wrong_password"],
      [{ code: "123456" }, "wrong_code"],
    ] as const) {
      const wrong = await browser.call("auth.passkeys.remove", { passkeyId, ...proof });
      expect([wrong.status, wrong.error.data.reason]).toEqual([403, reason]);
    }
    const removed = await browser.call("auth.passkeys.remove", { passkeyId, password: person.password });
    expect(removed.status).toBe(200);
    expect((await browser.call("auth.secondFactors")).data).toEqual({ totp: false, passkeys: 0, recoveryCodes: 0 });
  });
});

describe("signing in with a passkey", () => {
  it("a passkey signs in without a name, password or code", async () => {
    const { person, browser: enrolling, authenticator, passkeyId } = await givenPasskey();
    await enrolTotp(world, enrolling);
    const browser = browserOf(world);
    const options = await askChallenge(browser);
    expect(options).toMatchObject({
      rpId: "portcullis.example.org",
      allowCredentials: [],
      userVerification: "required",
    });
    const signedIn = await browser.signIn("passkey", { response: JSON.stringify(authenticator.get(options)) });
    expect(signedIn.status).toBe(200);
    expect(await methodsOf(browser)).toEqual({ pending: null, methods: ["passkey"] });
    expect((await browser.call("projects.create", { name: "Mine" })).status).toBe(200);
    const [row] = await readRows(world.db.owner, passkeys, { passkeyId });
    expect(row).toMatchObject({ counter: 1, lastUsedAt: expect.any(Date) });
    const entry = await lastRow(world.db.owner, auditEntries, { action: "auth.signIn", actorId: person.userId }, [
      "authenticatedBy",
      "actorName",
    ]);
    expect(entry).toEqual({ authenticatedBy: "passkey", actorName: person.email });
  });

  it("forged passkey responses are refused with one answer and audited with their reason", async () => {
    const { person, authenticator } = await givenPasskey();
    const attempts = [
      [{ origin: "https://evil.example.org" }, "foreign_origin"],
      [{ origin: "https://portcullis.example.org.evil.org" }, "foreign_origin"],
      [{ crossOrigin: true }, "foreign_origin"],
      [{ rpId: "evil.example.org" }, "wrong_relying_party"],
      [{ unverified: true }, "not_verified"],
      [{ forged: true }, "bad_signature"],
      [{ type: "webauthn.create" }, "bad_signature"],
      [{ userHandle: Buffer.from("usr_other").toString("base64url") }, "wrong_person"],
      [{ userHandle: null }, "wrong_person"],
    ] as const;
    for (const [odd, reason] of attempts) {
      const refused = await showPasskey(browserOf(world), authenticator, { odd });
      expect(reasonOf(refused), JSON.stringify(odd)).toEqual([401, "passkey_not_accepted"]);
      expect((await refusedReasons(world, person.userId)).at(-1)).toBe(reason);
    }
  });

  it("malformed passkey responses are refused with 401", async () => {
    const { authenticator } = await givenPasskey();
    const browser = browserOf(world);
    const good = authenticator.get(await askChallenge(browser)) as { response: Record<string, unknown> };
    const broken = [
      "",
      "{",
      "null",
      "[]",
      JSON.stringify({ ...good, response: { ...good.response, authenticatorData: "AAAA" } }),
      JSON.stringify({ ...good, response: { ...good.response, clientDataJSON: "AAAA" } }),
      JSON.stringify({
        ...good,
        response: { ...good.response, clientDataJSON: Buffer.from("null").toString("base64url") },
      }),
      JSON.stringify({ ...good, type: "password" }),
    ];
    for (const response of broken) {
      const { status } = await browserOf(world).signIn("passkey", { response });
      expect([response.slice(0, 80), status]).toEqual([response.slice(0, 80), 401]);
    }
  });

  it("a passkey that was never enrolled is refused", async () => {
    const stranger = openAuthenticator(testOrigin);
    expect((await showPasskey(browserOf(world), stranger)).status).toBe(401);
  });

  it("a passkey response is accepted once, within five minutes", async () => {
    const { person, authenticator } = await givenPasskey();
    const options = await askChallenge(browserOf(world));
    const response = JSON.stringify(authenticator.get(options));
    expect((await browserOf(world).signIn("passkey", { response })).status).toBe(200);
    expect((await browserOf(world).signIn("passkey", { response })).status).toBe(401);
    const secondResponse = JSON.stringify(authenticator.get(options));
    expect((await browserOf(world).signIn("passkey", { response: secondResponse })).status).toBe(401);
    expect((await refusedReasons(world, person.userId)).at(-1)).toBe("unknown_challenge");

    const late = await askChallenge(browserOf(world));
    wait(301);
    const answer = JSON.stringify(authenticator.get(late));
    expect((await browserOf(world).signIn("passkey", { response: answer })).status).toBe(401);
  });

  it("a response to an enrolment challenge cannot sign in", async () => {
    const { person, browser, authenticator } = await givenPasskey();
    type Options = Parameters<typeof authenticator.get>[0] & { rp: { id: string } };
    const { data } = await browser.call<Options>("auth.passkeys.enrolOptions");
    const response = JSON.stringify(authenticator.get({ ...data, rpId: data.rp.id }));
    expect((await browserOf(world).signIn("passkey", { response })).status).toBe(401);
    expect((await refusedReasons(world, person.userId)).at(-1)).toBe("unknown_challenge");
  });

  it("a wrong response spends the challenge, and one of several concurrent responses succeeds", async () => {
    const { authenticator } = await givenPasskey();
    const wrong = await askChallenge(browserOf(world));
    const forged = JSON.stringify(authenticator.get(wrong, { forged: true }));
    expect((await browserOf(world).signIn("passkey", { response: forged })).status).toBe(401);
    const right = JSON.stringify(authenticator.get(wrong));
    expect((await browserOf(world).signIn("passkey", { response: right })).status).toBe(401);

    const response = JSON.stringify(authenticator.get(await askChallenge(browserOf(world))));
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => browserOf(world).signIn("passkey", { response })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401]);
  });

  it("a passkey counter that did not increase is refused with counter_regressed", async () => {
    const { person, authenticator } = await givenPasskey();
    expect((await showPasskey(browserOf(world), authenticator, { odd: { counter: 5 } })).status).toBe(200);
    for (const counter of [5, 4, 0]) {
      expect((await showPasskey(browserOf(world), authenticator, { odd: { counter } })).status).toBe(401);
      expect((await refusedReasons(world, person.userId)).at(-1)).toBe("counter_regressed");
    }
    expect((await showPasskey(browserOf(world), authenticator, { odd: { counter: 6 } })).status).toBe(200);
  });

  it("an authenticator whose counter stays 0 is accepted", async () => {
    const { authenticator } = await givenPasskey();
    for (let i = 0; i < 2; i++) {
      expect((await showPasskey(browserOf(world), authenticator, { odd: { counter: 0 } })).status).toBe(200);
    }
  });

  it("a passkey signs in while wrong passwords have locked the account", async () => {
    const { person, authenticator } = await givenPasskey();
    for (let i = 0; i < 6; i++) {
      await browserOf(world).signIn("password", { email: person.email, password: `guess number ${i}` });
    }
    const locked = await browserOf(world).signIn("password", { email: person.email, password: person.password });
    expect(locked.status).not.toBe(200);
    expect((await showPasskey(browserOf(world), authenticator)).status).toBe(200);
  });

  it("passkey sign-ins and challenges are rate limited by address", async () => {
    const browser = browserOf(world);
    for (let i = 0; i < 5; i++) expect((await browser.signIn("passkey", { response: "{}" })).status).toBe(401);
    const limited = await browser.signIn("passkey", { response: "{}" });
    expect(limited.status).toBe(429);
    expect(Number(limited.headers.get("retry-after"))).toBeGreaterThan(0);
    for (let i = 0; i < 20; i++) await askChallenge(browser);
    expect((await browser.call("auth.passkeys.challenge")).status).toBe(429);
  });

  it("a challenge is refused for a page of another origin", async () => {
    const refused = await browserOf(world).call("auth.passkeys.challenge", {}, { origin: "https://evil.example.org" });
    expect([refused.status, refused.error.data.reason]).toEqual([403, "foreign_origin"]);
  });
});

describe("a passkey as the second factor", () => {
  it("a passkey after the password opens a new session and invalidates the pending one", async () => {
    const { person, authenticator } = await givenPasskey();
    const browser = browserOf(world);
    await showPassword(browser, person);
    expect(await methodsOf(browser)).toEqual({ pending: "second_factor", methods: ["password"] });
    expect((await browser.call("auth.secondFactors")).data).toMatchObject({ totp: false, passkeys: 1 });
    const options = await askChallenge(browser, true);
    expect(options.allowCredentials).toMatchObject([{ id: authenticator.credentialId, type: "public-key" }]);
    const pendingCookies = new Map(browser.cookies);
    const response = JSON.stringify(authenticator.get(options, { userHandle: null }));
    expect((await browser.signIn("passkey", { response })).status).toBe(200);
    expect(await methodsOf(browser)).toEqual({ pending: null, methods: ["password", "passkey"] });
    const copy = browserOf(world);
    for (const [name, value] of pendingCookies) copy.cookies.set(name, value);
    expect((await copy.call("auth.session")).status).toBe(401);
  });

  it("a passkey of another person is refused as the second factor", async () => {
    const ada = await givenPasskey();
    const mallory = await givenPasskey();
    const browser = browserOf(world);
    await showPassword(browser, ada.person);
    const refused = await showPasskey(browser, mallory.authenticator, { secondFactor: true });
    expect(reasonOf(refused)).toEqual([401, "passkey_not_accepted"]);
    expect((await refusedReasons(world, mallory.person.userId)).at(-1)).toBe("wrong_person");
    expect((await browser.call("projects.list")).status).toBe(403);
  });

  it("a passkey as the second factor is refused in another browser", async () => {
    const { person, authenticator } = await givenPasskey();
    const browser = browserOf(world);
    await showPassword(browser, person);
    const response = JSON.stringify(authenticator.get(await askChallenge(browser, true)));
    expect((await browserOf(world).signIn("passkey", { response })).status).toBe(401);
    const refused = await browserOf(world).call("auth.passkeys.challenge", { secondFactor: true });
    expect([refused.status, refused.error.data.reason]).toEqual([401, "session_ended"]);
  });

  it("the authenticator app can be used instead of a passkey", async () => {
    const { person, browser: enrolling } = await givenPasskey();
    const { secret } = await enrolTotp(world, enrolling);
    wait(60);
    const browser = browserOf(world);
    await showPassword(browser, person);
    const code = codeOf(secret, world.now ?? start);
    expect((await browser.signIn("second-factor", { code })).status).toBe(200);
  });

  it("a passkey satisfies an organization that requires a second factor (PO-20)", async () => {
    const strict = await world.organization();
    const { browser } = await givenSignedIn(world, strict);
    await updateRows(
      world.db.owner,
      organizations,
      { organizationId: strict.organizationId },
      { requireSecondFactor: true },
    );
    expect((await browser.call("projects.list")).error.data.reason).toBe("second_factor_enrolment_required");
    const { answer } = await enrolPasskey(browser);
    expect((await browser.call("projects.list")).status).toBe(200);
    await browser.call("auth.passkeys.remove", { passkeyId: answer.data.passkeyId });
    expect((await browser.call("projects.list")).error.data.reason).toBe("second_factor_enrolment_required");
  });
});

describe("passkeys at the local addresses of the host", () => {
  it("a passkey can be enrolled at localhost, and not at an IP address", async () => {
    const local = "http://localhost:3000";
    const { browser } = await givenSignedIn(world, organization, local);
    const { authenticator, answer, options } = await enrolPasskey(browser, { origin: local });
    expect([answer.status, options.rp.id]).toEqual([200, "localhost"]);
    expect((await showPasskey(browserOf(world, local), authenticator)).status).toBe(200);
    // The same authenticator answers at the public address.
    expect((await showPasskey(browserOf(world), authenticator)).status).toBe(401);

    const { browser: bare } = await givenSignedIn(world, organization, "http://127.0.0.1:3000");
    for (const procedure of ["auth.passkeys.enrolOptions", "auth.passkeys.challenge"]) {
      const refused = await bare.call(procedure);
      expect([procedure, refused.status, refused.error.data.reason]).toEqual([
        procedure,
        400,
        "passkey_needs_host_name",
      ]);
    }
  });

  it("enrolment that began at localhost cannot end at an IP address", async () => {
    const { browser } = await givenSignedIn(world, organization, "http://localhost:3000");
    const options =
      await browser.call<Parameters<ReturnType<typeof openAuthenticator>["create"]>[0]>("auth.passkeys.enrolOptions");
    const bare = browserOf(world, "http://127.0.0.1:3000");
    for (const [name, value] of browser.cookies) bare.cookies.set(name, value);
    const response = openAuthenticator("http://127.0.0.1:3000").create(options.data);
    const refused = await bare.call("auth.passkeys.enrol", { response, name: "Laptop" });
    expect([refused.status, refused.error.data.reason]).toEqual([400, "passkey_needs_host_name"]);
  });
});
