import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { unusablePassword } from "#src/identity/passwords";
import { type Mail, MailFailed } from "#src/platform/mail";
import { insertPerson } from "#tests/http/matrix/acme";
import { type Browser, openBrowser } from "#tests/support/browser";
import { givenMember, givenPerson } from "#tests/support/people";
import { registerSecret } from "#tests/support/secrets";
import { givenSession } from "#tests/support/sessions";
import { openWorld, testOrigin, type World } from "#tests/support/world";

let world: World;
let mails: Mail[] = [];
/** How the mail server treats the next message. */
let deliver: () => Promise<void> = async () => undefined;
let next = 0;

beforeAll(async () => {
  world = await openWorld({
    mailer: {
      send: async (mail) => {
        mails.push(mail);
        await deliver();
      },
    },
  });
});
beforeEach(() => {
  mails = [];
  deliver = async () => undefined;
  world.now = null;
});
afterAll(() => world.close());

const visitor = () => openBrowser(world, { ip: `198.18.${next >> 8}.${next++ & 255}` });
const request = (email: string, browser: Browser = visitor()) => browser.call("auth.requestPasswordReset", { email });
const linkIn = (mail: Mail | undefined) => mail?.text.split("\n").find((line) => line.startsWith("https://")) ?? "";
const tokenOf = (mail: Mail | undefined) => registerSecret(linkIn(mail).split("#")[1] ?? "");
const look = async (token: string) => (await visitor().call<{ state: string }>("auth.link", { token })).data.state;

/** The reasons of all refused requests until now, in their order. */
async function reasonsOfRefusals(): Promise<string[]> {
  const entries = await world.db.asOwner<{ reason: string }>(
    "select reason from audit_entries where action = 'auth.requestPasswordReset' and outcome = 'refused' order by audit_id",
  );
  return entries.map(({ reason }) => reason);
}

describe("auth.requestPasswordReset", () => {
  test("sends a link that chooses a password once, and then every session has ended", async () => {
    const acme = await world.organization();
    const person = await givenPerson(world);
    await givenMember(world, acme.organizationId, person, "viewer");
    const { browser: before } = await givenSession(world, person);
    expect((await request(person.email.toUpperCase())).data).toEqual({ accepted: true });
    expect(mails.map(({ to }) => to)).toEqual([person.email]);
    expect(linkIn(mails[0])).toMatch(new RegExp(`^${testOrigin}/setup#[\\w-]{43}$`));
    const token = tokenOf(mails[0]);
    expect(await look(token)).toBe("good");
    const password = registerSecret("Three words on a wall 9");
    const browser = visitor();
    expect((await browser.signIn("link", { token, password })).status).toBe(200);
    expect((await before.call("auth.session")).status).toBe(401);
    expect(await look(token)).toBe("used");
    const entries = await world.db.asOwner<{ action: string; actor_id: string }>(
      "select action, actor_id from audit_entries where actor_id = $1 order by audit_id",
      [person.userId],
    );
    expect(entries.map(({ action }) => action)).toEqual(["auth.requestPasswordReset", "auth.signIn"]);
    expect(JSON.stringify(await world.db.asOwner("select * from audit_entries"))).not.toContain(token);
    expect(world.log()).not.toContain(token);
  });

  test("gives one answer for an unknown address, a person without a password, and a removed password", async () => {
    const { email: withoutPassword } = await insertPerson(world);
    const removed = await givenPerson(world);
    await world.db.asOwner("update passwords set hash = $2 where user_id = $1", [removed.userId, unusablePassword]);
    const known = await request((await givenPerson(world)).email);
    mails = [];
    const refusals = await reasonsOfRefusals();
    for (const email of ["nobody@example.org", withoutPassword, removed.email]) {
      const answer = await request(email);
      expect([answer.status, answer.data]).toEqual([known.status, known.data]);
    }
    expect(mails).toEqual([]);
    const added = (await reasonsOfRefusals()).slice(refusals.length);
    expect(added).toEqual(["unknown_account", "no_password", "no_password"]);
    expect(JSON.stringify(await world.db.asOwner("select * from audit_entries"))).not.toContain("nobody@example.org");
  });

  test("does not wait for the mail server, and a failed message is logged without the address and the link", async () => {
    const person = await givenPerson(world);
    let fail: (error: Error) => void = () => undefined;
    deliver = () =>
      new Promise((_resolve, reject) => {
        fail = reject;
      });
    expect((await request(person.email)).status).toBe(200);
    fail(new MailFailed("mail_unreachable"));
    await expect.poll(() => world.log()).toContain("a link to reset a password could not be sent");
    expect(world.log()).not.toContain(tokenOf(mails[0]));
    expect(world.log()).not.toContain(person.email);
  });

  test("a new request ends the link of the former one, and a link ends after half an hour", async () => {
    const person = await givenPerson(world);
    await request(person.email);
    await request(person.email);
    expect(await look(tokenOf(mails[0]))).toBe("ended");
    expect(await look(tokenOf(mails[1]))).toBe("good");
    world.now = new Date(Date.now() + 31 * 60_000);
    expect(await look(tokenOf(mails[1]))).toBe("expired");
  });

  test("is limited for an account from any address, and equally for an address without an account", async () => {
    const { email } = await givenPerson(world);
    for (const typed of [email, "unknown-limit@example.org"]) {
      const statuses: number[] = [];
      for (let at = 0; at < 4; at++) statuses.push((await request(typed)).status);
      expect(statuses).toEqual([200, 200, 200, 429]);
    }
    expect(mails).toHaveLength(3);
  });

  test("is limited for a network address, whatever accounts it names", async () => {
    const browser = visitor();
    const statuses: number[] = [];
    for (let at = 0; at < 6; at++) statuses.push((await request(`x${at}@example.org`, browser)).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
  });

  test("is refused for everyone if the installation sends no e-mail", async () => {
    const silent = await openWorld();
    const { email } = await givenPerson(silent);
    for (const typed of [email, "nobody@example.org"]) {
      const answer = await openBrowser(silent, { ip: "198.18.9.9" }).call("auth.requestPasswordReset", {
        email: typed,
      });
      expect([answer.status, answer.error.data.reason]).toEqual([409, "mail_not_configured"]);
    }
    await silent.close();
  });

  test.each(["", "not an address", "a@b.example\r\nBcc: x@example.org", `${"x".repeat(250)}@example.org`])(
    "refuses %j as an address",
    async (email) => {
      expect((await request(email)).status).toBe(400);
      expect(mails).toEqual([]);
    },
  );

  test("is refused for a page of another origin", async () => {
    const { email } = await givenPerson(world);
    const headers = { origin: "https://evil.example" };
    expect((await visitor().call("auth.requestPasswordReset", { email }, headers)).status).toBe(403);
    expect(mails).toEqual([]);
  });
});
